"""Whose cookie a connection brings: the account behind it, or nobody. Asked of the database once a connection."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from anyio import to_thread
from pymongo.errors import PyMongoError
from starlette.requests import HTTPConnection

from backup_engine.errors import DatabaseUnreachable
from equipment.accounts import cookie as cookies
from equipment.settings import Settings
from equipment.store.access import Account, Db, Who, identify
from equipment.store.accounts import sessions

__all__ = ["Visitors"]

log = logging.getLogger(__name__)
LONGEST_COOKIE: Final = 100
"""Characters; ours has 43. What is longer is not looked up."""


class Visitors:
    """The way from a connection to an account."""

    def __init__(self, settings: Settings, connect: Callable[[], Db]) -> None:
        self._settings, self._connect = settings, connect

    async def account(self, connection: HTTPConnection) -> Account | None:
        """Give the account that is signed in there; None without one, and while the database is away."""
        return (await self._found(connection))[1]

    async def session(self, connection: HTTPConnection) -> str | None:
        """Give the session that is signed in there, or None as above."""
        session, account = await self._found(connection)
        return session if account is not None else None

    async def _found(self, connection: HTTPConnection) -> tuple[str | None, Account | None]:
        cookie = cookies.given(connection.cookies, self._settings)
        if not cookie or len(cookie) > LONGEST_COOKIE:
            return None, None
        return await to_thread.run_sync(self._of_cookie, cookie)

    def _of_cookie(self, cookie: str) -> tuple[str | None, Account | None]:
        try:
            db = self._connect()
            session = sessions.by_cookie(db, cookie)
            return session, identify(db, Who(session, "")) if session else None
        except (DatabaseUnreachable, PyMongoError) as error:
            log.info("whose cookie it is cannot be asked: %s", type(error).__name__)
            return None, None
