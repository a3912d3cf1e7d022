"""The server stops within seconds, whoever is connected and whatever does not answer."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
import streamlit

from equipment.server.stopping import ANSWER_SECONDS, BoundedAnswers, side_by_side
from tests.server.running_app import RunningApp


class Server:
    """What an ASGI server of that kind is to a middleware: its options behind what it hands out."""

    def __init__(self, **options: Any) -> None:
        self.config = SimpleNamespace(**options)

    async def receive(self) -> dict[str, Any]:
        return {"type": "lifespan.startup"}


def begin(receive: Any) -> None:
    async def app(*_: Any) -> None:
        pass

    async def run() -> None:
        await BoundedAnswers(app)({"type": "lifespan"}, receive, app)

    anyio.run(run)


@pytest.mark.parametrize(("given", "counts"), [(None, ANSWER_SECONDS), (7, 7)])
def test_open_answers_are_not_waited_for_for_ever(given: int | None, counts: int) -> None:
    server = Server(timeout_graceful_shutdown=given)
    begin(server.receive)
    assert server.config.timeout_graceful_shutdown == counts


def test_another_server_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> None:
        pass

    with caplog.at_level(logging.INFO):
        begin(receive)
        begin(Server().receive)
    assert caplog.text.count("another server than uvicorn") == 2


def test_a_browser_that_reads_no_more_keeps_no_server_from_stopping() -> None:
    largest = max(Path(streamlit.__file__).parent.glob("static/static/js/*.js"), key=lambda path: path.stat().st_size)
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false") as app, socket.socket() as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        browser.connect(("127.0.0.1", app.port))
        browser.sendall(f"GET /static/js/{largest.name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert browser.recv(15) == b"HTTP/1.1 200 OK"
        app.process.terminate()
        app.process.wait(20)
        assert "equipment has stopped" in app.console()


def test_nobody_waits_for_another_one_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    together = threading.Barrier(3, timeout=20)
    done: list[int] = []

    def fails() -> None:
        together.wait()
        raise ValueError("no")

    side_by_side([lambda: done.append(together.wait()), fails, lambda: done.append(together.wait())])
    assert len(done) == 2
    assert "stopping was not complete" in caplog.text
