"""Requests under our names, sockets from our own pages; the rest is answered before Streamlit sees it."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest

from equipment.server.gate.hosts import Hosts
from equipment.server.gate.own_pages import OwnPages

PUBLIC = "https://lab.example"


def visit(path: str = "/", kind: str = "http", **headers: str) -> tuple[bool, list[dict[str, Any]]]:
    """Say whether it was passed on, and what was answered."""
    passed, sent = list[str](), list[dict[str, Any]]()

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope["path"])

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": "localhost:8501", **headers}
    scope = {"type": kind, "path": path, "method": "GET", "extensions": {"websocket.http.response": {}},
             "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value]}
    gate: Any = OwnPages(app, Hosts(["localhost", "lab.example"]), PUBLIC, ["/livez"])
    anyio.run(gate, scope, receive, send)
    return bool(passed), sent


@pytest.mark.parametrize("headers", [
    {"origin": "http://localhost:8501"}, {"host": "lab.example", "origin": PUBLIC},
    {"host": "10.0.0.7:8501", "origin": PUBLIC}, {"host": "10.0.0.7:8501", "origin": "http://10.0.0.7:8501"},
])
def test_sockets_from_our_own_pages_come_in(headers: dict[str, str]) -> None:
    assert visit("/_stcore/stream", "websocket", **headers)[0]


@pytest.mark.parametrize("headers", [
    {}, {"origin": "null"}, {"origin": "https://evil.example"}, {"origin": "http://localhost:9999"},
    {"origin": "http://localhost"}, {"origin": "file://"}, {"origin": "http://localhost:8501.evil.example"},
    {"origin": "http://localhost:8501", "sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example", "host": "evil.example"},
])
def test_sockets_from_elsewhere_do_not(headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    passed, sent = visit("/_stcore/stream", "websocket", **headers)

    assert not passed and [message["type"] for message in sent] == ["websocket.close"]
    assert "refused a" in caplog.text and caplog.records[0].levelno == logging.WARNING


def test_a_request_under_a_foreign_name_is_told_what_to_do() -> None:
    passed, sent = visit(host="rebound.example:8501")

    assert not passed and sent[0]["status"] == 421
    assert b"EQUIPMENT_ALLOWED_HOSTS" in sent[1]["body"] and b"EQUIPMENT_PUBLIC_URL" in sent[1]["body"]
    assert visit(host="localhost:1")[0] and visit()[0]


def test_probes_answer_under_any_name() -> None:
    assert visit("/livez", host="10-0-0-7.pod.cluster.example")[0]
    assert not visit("/livez/", host="evil.example")[0]
