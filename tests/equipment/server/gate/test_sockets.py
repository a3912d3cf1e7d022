"""Sockets are bounded: of strangers by address and in all, of an account by account, and strangers take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from equipment.server.gate import sockets
from equipment.server.gate.sockets import LONGEST, LONGEST_OF_STRANGERS, BoundedSockets, admit
from equipment.store.access import Account

ADA = Account("ada", "Ada", "technician", must_change_password=False, local=True)


class Known:
    """Stands for ``Visitors``: the address says who it is."""

    async def account(self, connection: Any) -> Account | None:
        return ADA if (connection.scope["client"] or [""])[0].startswith("ada") else None


class Transport:
    """What uvicorn reads with: ``receive`` is a method of an object with a ``conn``."""

    def __init__(self) -> None:
        self.conn = SimpleNamespace(max_message_size=0)
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return await self.coming.get()

    async def send(self, message: Any) -> None:
        self.sent.append(message)


class Room:
    """The gate, with a page behind it that echoes what it was sent."""

    def __init__(self) -> None:
        self.gate: Any = BoundedSockets(self._page, Known())  # type: ignore[arg-type]
        self.read: list[bytes] = []

    async def _page(self, scope: Any, receive: Any, send: Any) -> None:
        opened = ForwardMsg()
        opened.new_session.initialize.session_id = scope["session"]
        await send({"type": "websocket.send", "bytes": opened.SerializeToString()})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.read.append(message["bytes"])

    @asynccontextmanager
    async def open(self, address: str, session: str = "s") -> AsyncIterator[Transport]:
        transport = Transport()
        scope = {"type": "websocket", "client": (address, 1), "headers": [], "session": session}
        visit = asyncio.create_task(self.gate(scope, transport.receive, transport.send))
        transport.coming.put_nowait({"type": "websocket.connect", "bytes": b""})
        while not transport.sent:
            await asyncio.sleep(0)
        yield transport
        transport.coming.put_nowait({"type": "websocket.disconnect"})
        await visit


def is_refused(transport: Transport) -> bool:
    return transport.sent[0].get("code") == sockets.FULL


def test_an_address_an_account_and_all_strangers_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "AN_ADDRESS", 1)
    monkeypatch.setattr(sockets, "OF_STRANGERS", 2)
    monkeypatch.setattr(sockets, "AN_ACCOUNT", 2)

    async def visits() -> None:
        room = Room()
        async with room.open("a") as first, room.open("a") as second, room.open("b") as third, room.open("c") as fourth:
            assert [is_refused(one) for one in (first, second, third, fourth)] == [False, True, False, True]
            async with room.open("ada") as own, room.open("ada") as other, room.open("ada elsewhere") as more:
                assert [is_refused(one) for one in (own, other, more)] == [False, False, True], "by account alone"
        async with room.open("a") as again:
            assert not is_refused(again), "what was closed counts no more"

    anyio.run(visits)


def test_strangers_send_short_messages_until_they_sign_in() -> None:
    async def visits() -> None:
        room = Room()
        async with room.open("ada") as known:
            assert known.conn.max_message_size == LONGEST
        async with room.open("a", "session of a") as stranger, room.open("b", "another") as other:
            assert stranger.conn.max_message_size == LONGEST_OF_STRANGERS
            await asyncio.to_thread(admit, "session of a", "ada")
            while stranger.conn.max_message_size != LONGEST:
                await asyncio.sleep(0)
            assert other.conn.max_message_size == LONGEST_OF_STRANGERS
        admit("another", "ada")  # closed meanwhile
        assert not sockets._open

    anyio.run(visits)


def test_strangers_take_turns_and_people_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:
            waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(sockets, "ADDRESS_AT_ONCE", 2)
    monkeypatch.setattr(sockets.asyncio, "sleep", noted)

    async def visits() -> None:
        room = Room()
        for address, turns in (("a", 4), ("ada", 50), ("b", 1)):
            async with room.open(address) as transport:
                for _ in range(turns):
                    transport.coming.put_nowait({"type": "websocket.receive", "bytes": b"rerun"})
                while not transport.coming.empty():
                    await sleep(0)
        assert len(room.read) >= 55

    anyio.run(visits)
    assert waited == pytest.approx([1 / 8, 2 / 8, 3 / 8], abs=0.05), "the handshake of a takes a turn, too"


def test_another_server_s_transport_is_left_alone() -> None:
    async def visit() -> None:
        gate: Any = BoundedSockets(page, Known())  # type: ignore[arg-type]
        await gate({"type": "websocket", "client": None, "headers": []}, receive, send)

    async def page(_scope: Any, receive: Any, _send: Any) -> None:
        seen.append((await receive())["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    async def send(_message: Any) -> None:
        raise AssertionError

    seen = list[str]()
    anyio.run(visit)
    assert seen == ["websocket.disconnect"]
