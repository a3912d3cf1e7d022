"""Asking for a link: the same steps and answer for everybody, bounded, and a mail to the account's own e-mail."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import mongomock
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener, CommandStartedEvent

from equipment.accounts import setup
from equipment.accounts.login import SignInRefused, Visitor
from equipment.messages.personal import forgotten
from equipment.messages.personal.post import MOST_WAITING
from equipment.settings import Settings
from equipment.store import activity, moments
from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import password_links, users
from equipment.store.activity import Filter
from tests.equipment.messages.personal.posts import Kept, kept
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
HERE = Visitor("192.0.2.1")
NAMES = ("Bob", "bob@example.org", "BOB@Example.org", "nobody", "nobody@example.org", "without", "disabled", "pending",
         "provider", "coded", "\x00", "\ud800", "x" * 10_000, "{'$gt': ''}", "bob@example.org\r\nBcc: eve@example.org")
"""Of these the first three and two more are told anything by mail."""


def people(db: Db) -> None:
    """Put one account of each kind into the database."""
    setup.prepare(db, Settings())
    for name, more in {
        "Bob": {"email": "bob@example.org"}, "without": {}, "disabled": {"state": "disabled"},
        "pending": {"state": "pending"}, "provider": {"source": "oidc", "oidc": "x", "password": None},
        "coded": {"password": None, "code": "x", "must_change": True},
    }.items():
        users.insert(db, users.new_document(name, "user", "active", by="a test")
                     | {"password": "$argon2id$old"}
                     | ({} if name == "without" else {"email": f"{name}@example.org"}) | more)


@pytest.fixture
def post() -> Iterator[Kept]:
    with kept() as here:
        yield here


def ask(db: Db, typed: str, address: str = "192.0.2.1", now: datetime | None = None) -> str:
    """Ask; gives what was said when nothing was taken."""
    try:
        forgotten.ask(db, typed, Visitor(address), now=now)
    except SignInRefused as refused:
        return str(refused)
    return ""


def test_who_is_sent_what(database: Db, post: Kept) -> None:
    people(database)
    for number, name in enumerate(NAMES):
        assert ask(database, name, f"192.0.2.{number}") == ""
    post.tick()

    assert [(letter.to, letter.message.subject.partition(": ")[2]) for letter in post.sent] == [
        ("bob@example.org", "choose a new password")] * 3 + [
        ("provider@example.org", "your password is with your organisation"),
        ("coded@example.org", "choose a new password")]
    behind = [password_links.account_behind(database, secret) for secret in post.secrets]
    assert [account and account.name for account in behind] == [None, None, "Bob", "coded"]


class Counted(CommandListener):
    """The commands that the database is sent, by name and collection."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, object]] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note one."""
        self.steps.append((event.command_name, event.command.get(event.command_name)))

    def succeeded(self, event: object) -> None:
        """Nothing to note."""

    failed = succeeded


def test_every_name_costs_the_same_steps_before_the_answer_and_no_look_at_an_account(
    shared_mongod: Mongod, database: Db, post: Kept
) -> None:
    people(database)
    counted = Counted()
    with MongoClient[dict[str, Any]](shared_mongod.uri, event_listeners=[counted]) as client:
        ask(client[database.name], "somebody", "198.51.100.1")  # connects, and makes the counter of everybody
        steps, answers = list[list[tuple[str, object]]](), list[str]()
        for number, name in enumerate(NAMES):
            counted.steps.clear()
            answers.append(ask(client[database.name], name, f"192.0.2.{number}"))
            steps.append(list(counted.steps))
        post.tick()

    assert steps == [steps[0]] * len(NAMES) and len(steps[0]) == 4
    assert {collection for _, collection in steps[0]} == {"equipment_attempts"}
    assert answers == [""] * len(NAMES)
    assert len(post.sent) == 5


def test_an_account_of_which_too_many_asked_is_answered_as_before_and_sent_nothing(database: Db, post: Kept) -> None:
    people(database)
    began = moments.now()
    answers = [ask(database, ("Bob", "bob@example.org")[n % 2], f"192.0.2.{n}", began) for n in range(9)]
    post.tick()
    assert answers == [""] * 9
    assert len(post.sent) == forgotten.PER_ACCOUNT.free

    ask(database, "Bob", "192.0.2.77", began + timedelta(minutes=16))
    post.tick()
    assert len(post.sent) == forgotten.PER_ACCOUNT.free + 1


def test_whoever_keeps_asking_never_leaves_the_owner_without_a_link(database: Db, post: Kept) -> None:
    people(database)
    now, began = moments.now(), moments.now()
    for minute in range(0, 24 * 60, 3):
        now = began + timedelta(minutes=minute)
        ask(database, "Bob", f"198.51.100.{minute % 250}", now)
        post.tick()
        assert password_links.account_behind(database, post.secrets[-1], now=now) is not None

    assert len(post.sent) < 24 * 60 / 15 + 10


def test_an_address_waits_and_others_do_not(database: Db, post: Kept) -> None:
    people(database)
    now = moments.now()
    answers = [ask(database, f"name {n}", now=now) for n in range(12)]

    assert answers == [""] * 10 + ["Too many links were asked for. Wait 60 seconds and try again."] * 2
    assert ask(database, "Bob", "192.0.2.2", now) == ""


def test_a_flood_from_everywhere_is_one_in_ten_seconds(database: Db, post: Kept) -> None:
    people(database)
    began = moments.now()
    taken = list[bool]()
    for n in range(400):
        taken.append(not ask(database, f"name {n}", f"2001:db8::{n}", began + timedelta(seconds=n)))
        post.tick()

    assert sum(taken[:101]) >= 100 and 20 < sum(taken[130:]) < 30
    assert max(gap for gap in _gaps(taken[130:])) <= 11


def _gaps(taken: list[bool]) -> list[int]:
    at = [place for place, each in enumerate(taken) if each]
    return [later - earlier for earlier, later in pairwise(at)]


def test_when_too_many_wait_everybody_is_told_so(database: Db, post: Kept) -> None:
    people(database)
    for _ in range(MOST_WAITING):
        post.hand_over(list)

    said = [ask(database, "Bob"), ask(database, "nobody")]
    assert said == ["Too many people ask at this moment. Try again in a minute."] * 2


@pytest.mark.parametrize("email", ["bob@example.org", ""])
def test_the_activity_says_who_was_asked_for_and_never_the_secret_nor_an_unknown_name(
    database: Db, post: Kept, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    people(database)
    database[USERS].update_one({"_id": "bob"}, {"$set": {"email": email}})
    with caplog.at_level(logging.DEBUG, logger="equipment"):
        ask(database, "Bob")
        ask(database, "hunter2 in the wrong field")
        post.tick()

    entries = activity.find(database, Filter(actions=("user.link",)))
    assert [(entry["who"], entry["target"], entry["note"], entry["address"]) for entry in reversed(entries)] == [
        ("Bob", "user:bob", "" if email else "no e-mail is stored: no mail", "192.0.2.1"),
        ("unknown name", "user:unknown", "", "192.0.2.1")]
    everything = [list(database[name].find()) for name in database.list_collection_names()]
    written = f"{caplog.text} {entries} {everything}"
    assert "hunter2" not in written
    assert len(post.secrets) == bool(email) and not any(secret in written for secret in post.secrets)


def test_accounts_that_share_an_email_each_get_a_link(database: Db, post: Kept) -> None:
    people(database)
    for number in range(8):
        user = users.new_document(f"Robot {number}", "user", "active", by="a test")
        users.insert(database, user | {"email": "robots@example.org", "password": "x"})
    ask(database, "robots@example.org")
    post.tick()

    assert [letter.to for letter in post.sent] == ["robots@example.org"] * forgotten.MOST_ACCOUNTS
    assert len({password_links.account_behind(database, secret) for secret in post.secrets}) == forgotten.MOST_ACCOUNTS


def test_an_account_called_as_anothers_email_changes_nothing_for_that_one(database: Db, post: Kept) -> None:
    people(database)
    users.create(database, SYSTEM, "bob@example.org", "user", password_hash="x")
    database[USERS].update_one({"_id": "bob@example.org"}, {"$set": {"email": "eve@example.org"}})
    ask(database, "bob@example.org")
    post.tick()

    behind = [password_links.account_behind(database, secret) for secret in post.secrets]
    assert [(letter.to, account and account.name) for letter, account in zip(post.sent, behind, strict=True)] == [
        ("eve@example.org", "bob@example.org"), ("bob@example.org", "Bob")]


def test_without_mails_or_on_a_copy_that_stands_by_nothing_is_offered(database: Db) -> None:
    assert not forgotten.is_offered()
    assert "No mails are sent here" in ask(database, "Bob")
    with kept("") as here:
        assert not forgotten.is_offered() and "No mails are sent here" in ask(database, "Bob")
    with kept() as here:
        assert forgotten.is_offered()
        here.standing_by = True
        assert not forgotten.is_offered() and "No mails are sent here" in ask(database, "Bob")


def test_the_story_in_memory(post: Kept) -> None:
    db = mongomock.MongoClient()["demo"]
    people(db)
    ask(db, "bob")
    post.tick()

    assert password_links.use(db, post.secrets[0], "$argon2id$new") is not None
    assert password_links.use(db, post.secrets[0], "$argon2id$third") is None
