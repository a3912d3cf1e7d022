"""Who is told what: addresses of both kinds, whom the watchdog means, and that nobody listening hurts nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from pathlib import Path

import pytest
from streamlit import config

from equipment.server import sd_notify
from equipment.server.sd_notify import Manager, answers, manager


def heard(address: str, said: Manager, **facts: str | int) -> str:
    """What arrives at a socket when facts are told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + address[1:] if address.startswith("@") else address)
        receiver.settimeout(5)
        said.tell(**facts)
        return receiver.recv(4096).decode()


@pytest.mark.parametrize("abstract", [False, True])
def test_facts_arrive_a_line_each(abstract: bool, tmp_path: Path) -> None:
    address = f"@equipment-{uuid.uuid4()}" if abstract else str(tmp_path / "notify")

    assert heard(address, Manager(address), READY=1, STATUS="two\nlines") == "READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody", ""])
def test_nobody_at_the_other_end_is_no_fault(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    Manager(address).tell(READY=1)

    assert [record.getMessage().startswith("systemd cannot be told READY") for record in caplog.records] == (
        [True] if address else [])


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        for _ in range(5000):
            Manager(str(tmp_path / "notify")).tell(WATCHDOG=1)
            if caplog.records:
                break

    assert "cannot be told WATCHDOG" in caplog.text


@pytest.mark.parametrize(("given", "seconds"), [
    ({"WATCHDOG_USEC": "60000000"}, 60.0),
    ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
    ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
    ({"WATCHDOG_USEC": "soon"}, 0.0),
    ({}, 0.0),
])
def test_the_environment_says_it_once_and_no_child_hears_it(given: dict[str, str], seconds: float) -> None:
    environment = {"NOTIFY_SOCKET": "/run/notify", "HOME": "/", **given}

    assert manager(environment) == Manager("/run/notify", seconds)
    assert environment == {"HOME": "/"}
    assert manager(environment) == Manager()


def test_an_address_of_another_kind_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert manager({"NOTIFY_SOCKET": "vsock:2:1234"}) == Manager()
    assert "vsock:2:1234" in caplog.text


@pytest.mark.parametrize(("answering", "ending", "signs"), [
    (True, False, True), (False, False, False), (False, True, True),
])
def test_a_sign_of_life_is_an_answer_until_the_end_begins(
    answering: bool, ending: bool, signs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def asks(seconds: float = 5) -> bool:
        asked.append(seconds)
        return answering

    async def live() -> None:
        async with Manager(str(tmp_path / "notify"), 0.2).attended(lambda: "well") as end:
            if ending:
                end()
            await asyncio.sleep(0.35)  # a few signs

    monkeypatch.setattr(sd_notify, "answers", asks)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.setblocking(False)
        asyncio.run(live())
        heard: list[str] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                heard += receiver.recv(4096).decode().splitlines()

    assert ("WATCHDOG=1" in heard, "READY=1" in heard) == (signs, answering)
    assert ending or asked


@pytest.mark.parametrize(("said", "alive"), [
    (b"HTTP/1.1 200 OK\r\n\r\n", True), (b"HTTP/1.1 503 No\r\n\r\n", False), (b"", False), (None, False),
])
def test_it_is_alive_when_its_own_port_says_so(
    said: bytes | None, alive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if said is not None:
            writer.write(said)
            writer.close()

    async def ask() -> bool:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            options = {"server.address": "0.0.0.0", "server.port": server.sockets[0].getsockname()[1]}
            monkeypatch.setattr(config, "get_option", options.get)
            return await answers(0.5)

    assert asyncio.run(ask()) is alive
