"""Only pages of this server may speak to it: every request is under one of its names, every socket from its own page.

Streamlit's own check lets other ports of the host in, and for an origin it does not know asks other machines what this
one's address is, within the server's loop: forty such handshakes stopped everybody for 15 s. They are answered here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from equipment.accounts.origin import is_own
from equipment.server.gate.hosts import Hosts
from equipment.server.gate.refusals import Refusals

__all__ = ["OwnPages"]

log = logging.getLogger(__name__)
MISDIRECTED: Final = 421
"""RFC 9110, 15.5.20: the server is not able to produce a response for this host."""
HELP: Final = ("This server does not go by that name. Whoever runs it: add the name to EQUIPMENT_ALLOWED_HOSTS, or set "
               "EQUIPMENT_PUBLIC_URL to the address people use.\n")


class OwnPages:
    """Middleware. ``probes`` are the paths that answer under any name, for a monitor knows only an address."""

    def __init__(self, app: ASGIApp, hosts: Hosts, public_url: str, probes: Iterable[str]) -> None:
        self.app = app
        self._hosts = hosts
        self._public_url = public_url
        self._probes = frozenset(probes)
        self._refused = Refusals(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is ours; answer the rest before anything of Streamlit's sees it."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in self._probes:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if not self._hosts.allow(host):
            self._refused.tell("a request under the name %s, which is not in EQUIPMENT_ALLOWED_HOSTS", host)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            else:
                await PlainTextResponse(HELP, MISDIRECTED)(scope, receive, send)
        elif scope["type"] == "websocket" and not is_own(headers, self._public_url):
            self._refused.tell("a socket from a page of %s at the name %s", origin or "nowhere", host)
            await send({"type": "websocket.close"})  # before it was accepted: the server answers 403
        else:
            await self.app(scope, receive, send)
