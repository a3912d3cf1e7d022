"""Whose cookie a connection brings."""

from __future__ import annotations

from typing import Any

import anyio
from pymongo.database import Database
from starlette.requests import HTTPConnection

from backup_engine.errors import DatabaseUnreachable
from equipment.accounts.cookie import name_of
from equipment.server.gate.visitors import Visitors
from equipment.settings import Settings
from equipment.store.access import Account
from equipment.store.accounts import sessions
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
SETTINGS = Settings()


def asked(visitors: Visitors, cookie: str) -> Account | None:
    scope = {"type": "websocket", "headers": [(b"cookie", f"{name_of(SETTINGS)}={cookie}".encode())]}
    return anyio.run(visitors.account, HTTPConnection(scope))


def cookie_of(database: Db, name: str) -> tuple[str, str]:
    session = sessions.open_session(
        database, Account(name, name, "user"), 0, address="", agent="", lifetimes=sessions.USUAL)
    redeemed = sessions.redeem(database, sessions.issue_ticket(database, session, "sign-in"))
    assert redeemed
    return redeemed[0], session


def test_the_account_of_a_live_session(database: Db) -> None:
    signed_in(database, "technician", "bob")
    cookie, session = cookie_of(database, "bob")
    visitors = Visitors(SETTINGS, lambda: database)

    account = asked(visitors, cookie)
    assert account is not None and (account.key, account.role) == ("bob", "technician")

    sessions.end(database, session)
    assert asked(visitors, cookie) is None


def test_no_cookie_or_no_such_cookie_is_nobody_and_a_long_one_is_not_looked_up(database: Db) -> None:
    assert asked(Visitors(SETTINGS, lambda: database), "") is None
    assert asked(Visitors(SETTINGS, lambda: database), "x" * 43) is None

    def never() -> Db:
        raise AssertionError

    assert asked(Visitors(SETTINGS, never), "x" * 5_000) is None


def test_while_the_database_is_away_everybody_is_nobody() -> None:
    def away() -> Db:
        raise DatabaseUnreachable("away", hint="wait")

    assert asked(Visitors(SETTINGS, away), "x" * 43) is None
