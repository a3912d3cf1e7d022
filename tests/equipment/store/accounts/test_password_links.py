"""Links for a forgotten password: one, once, for half an hour, and for the account as it was."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import moments, taking_back
from equipment.store.access import SYSTEM, USERS, identify
from equipment.store.accounts import password_links, people, sessions, users
from equipment.store.accounts.password_links import LINKS, MINUTES
from equipment.store.raw_documents import raw_documents
from equipment.store.saved import SAVED
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
HASH = "$argon2id$new"


@pytest.fixture
def bob(database: Db) -> str:
    users.create(database, SYSTEM, "Bob", "technician", password_hash="$argon2id$old")
    database[USERS].update_one({"_id": "bob"}, {"$set": {"email": "bob@example.org"}})
    return "bob"


def link(database: Db) -> str:
    secret = password_links.issue(database, "bob")
    assert secret is not None
    return secret


def stored(database: Db) -> str:
    return str((database[USERS].find_one({"_id": "bob"}) or {}).get("password"))


def test_it_is_long_and_only_its_digest_is_stored(database: Db, bob: str) -> None:
    secret = link(database)

    assert len(secret) == 64 and secret.isalnum()  # 256 bits
    assert secret not in str(list(database[LINKS].find())) and "$argon2id" not in str(list(database[LINKS].find()))
    assert secret not in str(list(database["equipment_activity"].find()))


def test_looking_uses_nothing_up(database: Db, bob: str) -> None:
    secret = link(database)

    assert [password_links.account_behind(database, secret) is not None for _ in range(3)] == [True] * 3
    assert stored(database) == "$argon2id$old"


def test_it_works_once_and_ends_every_sign_in_by_the_same_write(database: Db, bob: str) -> None:
    account = users.find(database, "Bob")
    assert account is not None
    behind = password_links.account_behind(database, secret := link(database))
    assert behind is not None and (behind.key, behind.name) == ("bob", "Bob")
    session = sessions.open_session(database, behind, 0, address="192.0.2.1", agent="", lifetimes=sessions.USUAL)
    who = users.Who(session, "Bob")
    assert identify(database, who) is not None

    assert password_links.use(database, secret, HASH) is not None

    assert stored(database) == HASH
    assert identify(database, who) is None
    assert password_links.use(database, secret, "$argon2id$third") is None
    assert password_links.account_behind(database, secret) is None
    assert stored(database) == HASH


def test_of_two_at_once_one_counts(database: Db, bob: str) -> None:
    secret, ends = link(database), list[bool]()
    gate = threading.Barrier(8)

    def use(n: int) -> None:
        gate.wait()
        ends.append(password_links.use(database, secret, f"hash {n}") is not None)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == [False] * 7 + [True]


def test_it_is_dead_after_half_an_hour(database: Db, bob: str) -> None:
    began = moments.now()
    secret = password_links.issue(database, "bob", now=began) or ""

    in_time, too_late = began + timedelta(minutes=MINUTES, seconds=-1), began + timedelta(minutes=MINUTES)
    assert password_links.account_behind(database, secret, now=in_time) is not None
    assert password_links.account_behind(database, secret, now=too_late) is None
    assert password_links.use(database, secret, HASH, now=too_late) is None


def test_a_newer_one_takes_its_place(database: Db, bob: str) -> None:
    older, newer = link(database), link(database)

    assert password_links.account_behind(database, older) is None
    assert password_links.account_behind(database, newer) is not None


@pytest.mark.parametrize("change", [
    {"password": "$argon2id$another"}, {"password": None}, {"email": "eve@example.org"}, {"email": ""}, {"epoch": 7},
    {"state": "disabled"}, {"source": "oidc"}, {"code": "a one-time code"},
])
def test_it_is_dead_once_the_account_is_another(database: Db, bob: str, change: dict[str, Any]) -> None:
    secret = link(database)
    database[USERS].update_one({"_id": "bob"}, {"$set": change})

    assert password_links.account_behind(database, secret) is None
    assert password_links.use(database, secret, HASH) is None
    assert stored(database) != HASH


def test_what_people_do_ends_it(database: Db, bob: str) -> None:
    admin = signed_in(database, "admin")
    for ending in (lambda: users.reset(database, admin, "bob"), lambda: users.end_sessions(database, admin, "bob"),
                   lambda: people.change(database, admin, "bob", people.of(database, "admin"))):
        secret = link(database)
        ending()
        assert password_links.account_behind(database, secret) is None


@pytest.mark.parametrize("change", [{"state": "disabled"}, {"state": "pending"}, {"state": "rejected"},
                                    {"source": "oidc"}])
def test_such_an_account_gets_none(database: Db, bob: str, change: dict[str, Any]) -> None:
    database[USERS].update_one({"_id": "bob"}, {"$set": change})

    assert password_links.issue(database, "bob") is None
    assert password_links.issue(database, "nobody") is None
    assert database[LINKS].count_documents({}) == 0


@pytest.mark.parametrize("forged", ["", "x", "\x00", "\ud800", "x" * 100_000, "{'$gt': ''}"])
def test_forged_secrets_are_nobodys(database: Db, bob: str, forged: str) -> None:
    link(database)

    assert password_links.account_behind(database, forged) is None
    assert password_links.use(database, forged, HASH) is None


def test_accounts_that_are_taken_back_bring_none_and_end_those_there_are(database: Db, bob: str) -> None:
    users.create(database, SYSTEM, "Ada", "admin", password_hash="$argon2id$hers")
    saved = list(raw_documents(database[USERS]))
    assert LINKS not in {source.collection for source in SAVED}
    used = link(database)
    password_links.use(database, used, HASH)
    waiting = link(database)

    taking_back.take_back(database, lambda key: saved if key == "users" else ())

    assert stored(database) == "$argon2id$old"
    assert [password_links.account_behind(database, each) for each in (used, waiting)] == [None, None]
