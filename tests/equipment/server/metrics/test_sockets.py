"""Open browser tabs are counted until they are closed, however that happens."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from equipment.server.metrics.sockets import OpenSockets


def test_a_socket_counts_while_it_is_open() -> None:
    seen: list[int] = []
    before = OpenSockets.number

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(OpenSockets.number - before)
        if scope.get("breaks"):
            raise ConnectionError

    async def visit() -> None:
        counted: Any = OpenSockets(app)
        await counted({"type": "websocket"}, None, None)
        await counted({"type": "http"}, None, None)
        with pytest.raises(ConnectionError):
            await counted({"type": "websocket", "breaks": True}, None, None)
        seen.append(OpenSockets.number - before)

    anyio.run(visit)
    assert seen == [1, 0, 1, 0]
