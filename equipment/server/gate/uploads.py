"""Who may send files into the server's memory, and how much of it: decided before the first byte is read.

Streamlit keeps an upload in memory until its session ends and asks only for an open page, which anybody gets.
"""

from __future__ import annotations

import logging
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.stats import CacheStat

from equipment.domain.roles import allows
from equipment.server.gate.refusals import Refusals
from equipment.server.gate.visitors import Visitors

__all__ = ["GuardedUploads"]

log = logging.getLogger(__name__)
ROUTE: Final = "/_stcore/upload_file/"
ACTIONS: Final = ("records.import", "files.attach", "backup.restore")
"""What a file can be for: an import, one that is attached to a record, or a backup that is taken in."""
AT_ONCE: Final = 4
"""Uploads of one account under way; a browser sends several files side by side."""
TIMES_ALL: Final = 5
"""So many of the largest files may lie in memory together: 1 GB with the usual ``server.maxUploadSize`` of 200 MB."""
FRAMING: Final = 1024 * 1024
"""Bytes a form takes around its file at most, as Streamlit reckons."""


class GuardedUploads:
    """Middleware. Only the server's loop changes what is counted, so that it needs no lock."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self._visitors = visitors
        self._coming: dict[str, list[int]] = {}
        self._refused = Refusals(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no upload, and uploads that somebody may send and that there is room for."""
        if scope["type"] != "http" or scope["method"] != "PUT" or ROUTE not in scope["path"]:
            await self.app(scope, receive, send)
            return
        account = await self._visitors.account(HTTPConnection(scope))
        if account is None or account.is_held or not any(allows(account.role, act) for act in ACTIONS):
            self._refused.tell("an upload from somebody who may not send files")
            await _say(403, "Only whoever may import, attach or restore can send files. Sign in.")(scope, receive, send)
            return
        size = _announced(scope)
        if problem := self._no_room(account.key, size):
            self._refused.tell("an upload of %s bytes: no room", size)
            await problem(scope, receive, send)
            return
        coming = self._coming.setdefault(account.key, [])
        coming.append(size)
        try:
            await self.app(scope, receive, send)
        finally:
            coming.remove(size)
            if not coming:
                self._coming.pop(account.key, None)

    def _no_room(self, account: str, size: int) -> PlainTextResponse | None:
        largest = int(config.get_option("server.maxUploadSize")) * 1024 * 1024
        if size < 0:
            return _say(411, "Say how long the file is.")
        if size > largest + FRAMING:
            return _say(413, f"The file is larger than {largest // 1024 // 1024} MB.")
        if len(self._coming.get(account, [])) >= AT_ONCE:
            return _say(429, "Other files of yours are on their way. Try again when they have arrived.")
        if _lying() + sum(map(sum, self._coming.values())) + size > TIMES_ALL * largest:
            return _say(503, "The server holds too many files at the moment. Try again in a few minutes.")
        return None


def _announced(scope: Scope) -> int:
    """Give the Content-Length; -1 when there is none that can be believed."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else -1


def _lying() -> int:
    """Give the bytes of uploads that lie in memory, of all sessions."""
    if not runtime.exists():
        return 0
    families = runtime.get_instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for stats in families.values() for stat in stats if isinstance(stat, CacheStat))


def _say(status: int, text: str) -> PlainTextResponse:
    # The rest of a refused file is not read: the connection ends with the answer.
    return PlainTextResponse(text + "\n", status, headers={"Connection": "close"})
