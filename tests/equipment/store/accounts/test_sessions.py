"""Sessions: single-use tickets, a cookie of which only a digest is stored, two limits, and an end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import moments
from equipment.store.access import SESSIONS, Account, Who, identify
from equipment.store.accounts import sessions
from equipment.store.accounts.sessions import Lifetimes
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
BOB = Account("bob", "bob", "user")
HOUR = timedelta(hours=1)
LIVES = Lifetimes(idle=HOUR, longest=24 * HOUR)


@pytest.fixture
def bob(database: Db) -> str:
    """A session of bob, who also has an account."""
    signed_in(database, "user", "bob")
    return sessions.open_session(database, BOB, 0, address="192.0.2.1", agent="test", lifetimes=LIVES)


def test_a_ticket_is_exchanged_for_a_cookie_once(database: Db, bob: str) -> None:
    ticket = sessions.issue_ticket(database, bob, "sign-in")

    cookie, seconds = sessions.redeem(database, ticket) or ("", 0)

    assert sessions.by_cookie(database, cookie) == bob
    assert 24 * 3600 - 60 < seconds <= 24 * 3600
    assert sessions.redeem(database, ticket) is None


def test_a_ticket_is_awaited_until_it_was_used_or_is_too_old(database: Db, bob: str) -> None:
    ticket = sessions.issue_ticket(database, bob, "sign-in")
    assert sessions.awaits(database, ticket)
    assert not sessions.awaits(database, ticket, now=moments.now() + timedelta(seconds=31))
    assert not sessions.awaits(database, "another")

    sessions.redeem(database, ticket)

    assert not sessions.awaits(database, ticket)


def test_twenty_at_once_get_one_cookie(database: Db, bob: str) -> None:
    ticket = sessions.issue_ticket(database, bob, "sign-in")
    start, got = threading.Barrier(20), []

    def redeem() -> None:
        start.wait()
        got.append(sessions.redeem(database, ticket))

    threads = [threading.Thread(target=redeem) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(answer is not None for answer in got) == 1


@pytest.mark.parametrize("ticket", ["", "x", "\x00", "{'$ne': 1}", "é" * 10_000])
def test_forged_tickets_and_cookies_are_nothing(database: Db, bob: str, ticket: str) -> None:
    sessions.issue_ticket(database, bob, "sign-in")

    assert sessions.redeem(database, ticket) is None
    assert sessions.by_cookie(database, ticket) is None
    assert not sessions.leave(database, ticket, ticket)


def test_a_ticket_ends_after_thirty_seconds(database: Db, bob: str) -> None:
    ticket = sessions.issue_ticket(database, bob, "sign-in")

    assert sessions.redeem(database, ticket, now=moments.now() + timedelta(seconds=31)) is None


def test_a_ticket_serves_its_purpose_only(database: Db, bob: str) -> None:
    leaving = sessions.issue_ticket(database, bob, "sign-out")

    assert sessions.redeem(database, leaving) is None


def test_a_newer_ticket_replaces_the_older(database: Db, bob: str) -> None:
    older = sessions.issue_ticket(database, bob, "sign-in")
    sessions.issue_ticket(database, bob, "sign-in")

    assert sessions.redeem(database, older) is None


def test_nothing_the_browser_holds_is_stored(database: Db, bob: str) -> None:
    ticket = sessions.issue_ticket(database, bob, "sign-in")
    cookie, _ = sessions.redeem(database, ticket) or ("", 0)

    stored = str(list(database[SESSIONS].find()))

    assert ticket not in stored
    assert cookie not in stored


def test_leaving_needs_the_cookie_of_the_same_session(database: Db, bob: str) -> None:
    cookie, _ = sessions.redeem(database, sessions.issue_ticket(database, bob, "sign-in")) or ("", 0)

    assert not sessions.leave(database, sessions.issue_ticket(database, bob, "sign-out"), "another cookie")
    assert sessions.leave(database, sessions.issue_ticket(database, bob, "sign-out"), cookie)


def test_activity_moves_the_idle_limit_but_not_the_other(database: Db) -> None:
    signed_in(database, "user", "bob")
    began = moments.now()
    session = sessions.open_session(database, BOB, 0, address="", agent="", lifetimes=LIVES, now=began)
    who = Who(session, "bob")

    for half_hours in range(1, 48):
        sessions.touch(database, session, LIVES, now=began + half_hours * HOUR / 2)

    assert identify(database, who, now=began + 23.9 * HOUR) is not None
    assert identify(database, who, now=began + 24 * HOUR) is None


def test_an_idle_session_is_over_and_stays_so(database: Db) -> None:
    signed_in(database, "user", "bob")
    began = moments.now()
    session = sessions.open_session(database, BOB, 0, address="", agent="", lifetimes=LIVES, now=began)

    sessions.touch(database, session, LIVES, now=began + 2 * HOUR)

    assert identify(database, Who(session, "bob"), now=began + 2 * HOUR) is None


def test_a_page_that_reruns_often_writes_seldom(database: Db, bob: str) -> None:
    before = database[SESSIONS].find_one({"_id": bob})

    sessions.touch(database, bob, LIVES)

    assert database[SESSIONS].find_one({"_id": bob}) == before


def test_all_end_but_one(database: Db, bob: str) -> None:
    others = [sessions.open_session(database, BOB, 0, address="", agent="", lifetimes=LIVES) for _ in range(3)]

    assert sessions.end_all(database, "bob", but=bob) == 4  # three and the one of the fixture's account

    assert [session.id for session in sessions.of_user(database, "bob")] == [bob]
    assert identify(database, Who(others[0], "bob")) is None


def test_mongodb_removes_what_is_over(database: Db) -> None:
    sessions.prepare(database)

    assert any("expireAfterSeconds" in index for index in database[SESSIONS].index_information().values())


def test_live_sessions_are_counted_by_role(database: Db, bob: str) -> None:
    signed_in(database, "admin", "ada")
    assert sessions.count_by_role(database) == {"user": 2, "technician": 0, "manager": 0, "admin": 1}

    sessions.end(database, bob)
    assert sessions.count_by_role(database)["user"] == 1
    assert not any(sessions.count_by_role(database, now=moments.now() + timedelta(days=30)).values())
    database["equipment_users"].update_one({"_id": "ada"}, {"$set": {"state": "disabled"}})
    database["equipment_users"].update_one({"_id": "bob"}, {"$inc": {"epoch": 1}})
    assert not any(sessions.count_by_role(database).values())
