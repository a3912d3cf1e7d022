"""Bounds on connections before they are requests: a head that never ends, and more of them than there are descriptors.

uvicorn waits for ever for the first line of a request, and so each silent connection kept a descriptor: 1,000 of them,
and nobody else came in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from equipment.server.gate.pace import Paces
from equipment.server.gate.refusals import Refusals
from equipment.server.gate.sockets import LONGEST_OF_STRANGERS

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

__all__ = ["BoundedConnections", "raise_descriptors"]

log = logging.getLogger(__name__)
HEAD_SECONDS: Final = 10.0
"""For the head of a request, from when its connection stands or its first byte came."""
AN_ADDRESS: Final = 400
"""Connections of one address that is no proxy of ours: 200 sockets, and what their pages load."""
AT_ONCE, A_SECOND = 400, 100
"""New connections of such an address; who is faster waits, unread. Each refused handshake or upload takes a new one:
1,300 a second of one address made a page take 660 ms that takes 22 alone. 50 people behind one address who open the
page at the same moment bring 350."""
DESCRIPTORS: Final = 65_536
RESERVED: Final = 200
"""Descriptors left for MongoDB, files, and the workers of a backup."""


class BoundedConnections:
    """Middleware that, when the server starts, has its protocol bounded: no option of uvicorn's does it.

    It sets as well how long a message the transport of a socket reads; ``BoundedSockets`` raises that for people.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; what speaks for the life of the server knows its options."""
        if scope["type"] == "lifespan":
            # As ``stopping.BoundedAnswers``: Streamlit hands none of these on.
            options: Any = getattr(getattr(receive, "__self__", None), "config", None)
            if hasattr(options, "http_protocol_class") and hasattr(options, "ws_max_size"):
                options.http_protocol_class = _bounded(options.http_protocol_class, _proxies(options))
                options.ws_max_size = LONGEST_OF_STRANGERS
            else:
                log.warning("another server than uvicorn: silent connections and long messages are its own affair")
        await self.app(scope, receive, send)


def raise_descriptors() -> None:
    """Let this process open as many files as the machine lets it: 1,024 is what shells give, and a socket takes one."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _most() -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource is not None else DESCRIPTORS
    return DESCRIPTORS if limit < 0 else max(limit - RESERVED, limit // 2)


def _proxies(options: Any) -> Container[str]:
    """Give the addresses whose X-Forwarded-For is believed: one of them stands for many visitors."""
    trusted: Container[str] = getattr(options.loaded_app, "trusted_hosts", ())
    return trusted


def _bounded(protocol: type[Any], proxies: Container[str]) -> type[Any]:
    """Give uvicorn's protocol for HTTP/1.1 with a deadline and a bound; whichever of its two that is."""
    refused, most, paces = Refusals(log), _most(), Paces(AT_ONCE, A_SECOND)

    class Bounded(protocol):  # which class it is is known when the server starts
        """One connection."""

        _head: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            """Count it; refuse it by closing, for an answer would be work; let it wait for its turn."""
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            if len(self.connections) > most:
                refused.tell("a connection while %s are open", most)
                transport.abort()
            elif address and address not in proxies and _same(self.connections, address) > AN_ADDRESS:
                refused.tell("a connection from an address that has 400 open, %s", address)
                transport.abort()
            elif address and address not in proxies and (seconds := paces.wait(address)):
                transport.pause_reading()
                self._head = self.loop.call_later(seconds, self._begin)
            else:
                self._await_head()

        def data_received(self, data: bytes) -> None:
            """Take in what came; the deadline goes on until a whole head is there."""
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._await_head()
            else:
                self._no_longer()

        def connection_lost(self, exc: Exception | None) -> None:
            """Let it go."""
            self._no_longer()
            super().connection_lost(exc)

        def _begin(self) -> None:
            self._head = None
            if not self.transport.is_closing():
                self.transport.resume_reading()
                self._await_head()

        def _await_head(self) -> None:
            if self._head is None:
                self._head = self.loop.call_later(HEAD_SECONDS, self._too_slow)

        def _no_longer(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _too_slow(self) -> None:
            self._head = None
            ours = self.transport.get_protocol() is self  # a web socket has another one by now
            if ours and (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
                refused.tell("a connection whose request did not come within 10 s, from %s", self.client)
                self.transport.abort()

    return Bounded


def _same(connections: set[Any], address: str) -> int:
    return sum(1 for other in connections if other.client and other.client[0] == address)
