"""How many browser tabs are connected: each holds one web socket."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["OpenSockets"]


class OpenSockets:
    """Middleware that counts. Only the server's loop changes the number, so that it needs no lock."""

    number = 0
    """Open now, in this process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, whatever it is."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        OpenSockets.number += 1
        try:
            await self.app(scope, receive, send)
        finally:
            OpenSockets.number -= 1
