"""Bounds on the page's web sockets: how many are open, how often they speak, and how long a message may be.

Whoever is signed in is bounded by account alone: a campus is one address. Of everybody else there are so many an
address and so many in all, their messages are short, and they take their turns, so that a thousand of them cost those
who work no more than a few visitors would.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from equipment.server.gate.pace import Pace, Paces
from equipment.server.gate.refusals import Refusals
from equipment.server.gate.visitors import Visitors

__all__ = ["LONGEST_OF_STRANGERS", "BoundedSockets", "admit"]

log = logging.getLogger(__name__)

AN_ADDRESS: Final = 200
OF_STRANGERS: Final = 1_000
AN_ACCOUNT: Final = 100
LONGEST_OF_STRANGERS: Final = 64 * 1024
"""Bytes: forms and nothing else. A thousand messages that never end are 64 MB."""
LONGEST: Final = 25 * 1024 * 1024
"""Bytes: what Streamlit takes in at most. Its transport would read 200 MB before it looks."""
ADDRESS_AT_ONCE, ADDRESS_A_SECOND = 60, 8
ALL_AT_ONCE, ALL_A_SECOND = 200, 40
"""Runs of the sign-in page. Five addresses, which may hold every socket there is for strangers, do not reach the second
pair: others are not made to wait behind them."""
FULL: Final = 1013
"""Try again later: the code that IANA's registry gives for that; Streamlit's front end comes back by itself."""

_open: dict[str, _Socket] = {}
"""Sockets by the id that Streamlit gave their session; those of strangers only, until they sign in."""


class _Socket:
    """One open socket: whose it is, and how it is read."""

    def __init__(self, address: str, account: str, receive: Receive) -> None:
        self.address = address
        self.account = account
        self.loop = asyncio.get_running_loop()
        # As ``stopping.BoundedAnswers``: the server's own object stands behind what it gives us to read with.
        self.transport: Any = getattr(getattr(receive, "__self__", None), "conn", None)
        self.session = ""

    def may_send(self, longest: int) -> None:
        """Let the transport read messages of so many bytes."""
        if hasattr(self.transport, "max_message_size"):
            self.transport.max_message_size = longest


class BoundedSockets:
    """Middleware. Only the server's loop changes what is counted, so that it needs no lock."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self._visitors = visitors
        self._sockets: set[_Socket] = set()
        self._paces = Paces(ADDRESS_AT_ONCE, ADDRESS_A_SECOND)
        self._pace = Pace(ALL_AT_ONCE, ALL_A_SECOND)
        self._refused = Refusals(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a socket on that there is room for."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        account = await self._visitors.account(HTTPConnection(scope))
        client = scope.get("client")
        socket = _Socket(client[0] if client else "", account.key if account else "", receive)
        if problem := self._no_room(socket):
            self._refused.tell(problem, socket.address)
            await receive()
            await send({"type": "websocket.close", "code": FULL, "reason": "too many are open"})
            return
        socket.may_send(LONGEST if account else LONGEST_OF_STRANGERS)
        self._sockets.add(socket)
        try:
            await self.app(scope, self._in_turn(socket, receive), _noticing(socket, send))
        finally:
            self._sockets.discard(socket)
            _open.pop(socket.session, None)

    def _no_room(self, socket: _Socket) -> str:
        """Say why it is one too many; empty where it is not."""
        if socket.account:
            same = sum(other.account == socket.account for other in self._sockets)
            return "a socket of an account that has 100 open, from %s" if same >= AN_ACCOUNT else ""
        strangers = Counter(other.address for other in self._sockets if not other.account)
        if strangers[socket.address] >= AN_ADDRESS:
            return "a socket without a sign-in from an address that has 200 open, %s"
        if strangers.total() >= OF_STRANGERS:
            return "a socket without a sign-in while 1,000 are open, from %s"
        return ""

    def _in_turn(self, socket: _Socket, receive: Receive) -> Receive:
        async def read() -> Message:
            message = await receive()
            if not socket.account and message["type"] != "websocket.disconnect":
                seconds = max(self._paces.wait(socket.address), self._pace.wait())
                if seconds:
                    await asyncio.sleep(seconds)
            return message

        return read


def admit(session: str, account: str) -> None:
    """Say that whoever is at Streamlit's session has signed in, as that account. Called from a run of the page."""
    socket = _open.pop(session, None)
    if socket is not None:
        socket.loop.call_soon_threadsafe(_admitted, socket, account)


def _admitted(socket: _Socket, account: str) -> None:
    socket.account = account
    socket.may_send(LONGEST)


def _noticing(socket: _Socket, send: Send) -> Send:
    """Read which session Streamlit opened for a stranger's socket: the first thing that its page is told."""

    async def noticed(message: Message) -> None:
        if not socket.account and not socket.session and message.get("bytes"):
            said = ForwardMsg.FromString(message["bytes"])
            if said.WhichOneof("type") == "new_session":
                socket.session = said.new_session.initialize.session_id
                _open[socket.session] = socket
        await send(message)

    return noticed
