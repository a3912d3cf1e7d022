"""Who is reminded of what they have, when, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.life.loan import Holder, Terms
from equipment.messages.personal import loan_reminders
from equipment.store.access import SYSTEM, USERS
from equipment.store.life import lending, loans
from equipment.store.list import keys, records
from tests.equipment.messages.personal.posts import Kept, kept
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def post(database: Db) -> Iterator[Kept]:
    loans.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Secret maker"} for n in range(1, 6)])
    for name in ("ada", "ben"):
        signed_in(database, "user", name)
        database[USERS].update_one({"_id": name}, {"$set": {"email": f"{name}@example.org"}})
    loan_reminders._looked.clear()
    with kept() as here:
        yield here


def lent(database: Db, number: int, account: str, days: int, name: str = "") -> str:
    terms = Terms(Holder(name or account.title(), account), START.date(), START.date() + timedelta(days=days))
    [done] = lending.check_out(database, SYSTEM, records.entries(database, [keys.key_of_id(number)]), terms,
                               today=START.date())
    assert done.loan is not None
    return done.loan.number


def sent(database: Db, post: Kept, days: float, hour: int = 7) -> list[str]:
    """What is sent when so many days have gone by: to whom, and the subject."""
    before = len(post.sent)
    loan_reminders.send(database, START + timedelta(days=days), hour)
    post.tick()
    return [f"{letter.to}: {letter.message.subject.removeprefix('Equipment list: ')}" for letter in post.sent[before:]]


def test_the_day_before_the_day_after_and_every_week(database: Db, post: Kept) -> None:
    lent(database, 1, "ada", 5)

    days = {day: words for day in range(22) if (words := sent(database, post, day))}

    assert days == {4: ["ada@example.org: 1 thing due back"], 6: ["ada@example.org: 1 thing overdue"],
                    13: ["ada@example.org: 1 thing overdue"], 20: ["ada@example.org: 1 thing overdue"]}


def test_one_mail_a_person_names_ids_and_nothing_else_of_the_things(database: Db, post: Kept) -> None:
    for number, account in ((1, "ada"), (2, "ada"), (3, "ben")):
        lent(database, number, account, 1)

    assert sorted(sent(database, post, 0)) == [
        "ada@example.org: 2 things due back", "ben@example.org: 1 thing due back"]

    text = next(letter.message.text for letter in post.sent if letter.to.startswith("ada"))
    assert "2026-11-29  due in 1 day  ID 1  https://example.org/lab/?id=" in text and "ID 2" in text
    assert "Secret" not in text and "ID 3" not in text


def test_nobody_is_reminded_who_is_not_to_be(database: Db, post: Kept) -> None:
    number = lent(database, 1, "ada", 1)
    lent(database, 2, "", 1, "Guest")  # has no account
    lent(database, 3, "ben", 1)
    database[USERS].update_one({"_id": "ben"}, {"$set": {"state": "disabled"}})
    lending.check_in(database, SYSTEM, [number])

    assert sent(database, post, 0) == []


def test_before_the_hour_and_when_it_is_switched_off_nothing_is_sent(database: Db, post: Kept) -> None:
    lent(database, 1, "ada", 1)
    assert sent(database, post, 0, hour=10) == []
    lending.switch(database, SYSTEM, remind=False)
    assert sent(database, post, 0) == []
    lending.switch(database, SYSTEM, remind=True)
    assert sent(database, post, 0.1) == ["ada@example.org: 1 thing due back"]


def test_two_looks_send_once_and_another_due_day_begins_anew(database: Db, post: Kept) -> None:
    number = lent(database, 1, "ada", 1)
    assert len(sent(database, post, 0)) == 1
    loan_reminders._looked.clear()  # as another process
    assert sent(database, post, 0) == []
    lending.prolong(database, SYSTEM, number, date(2026, 12, 5), today=START.date())
    assert sent(database, post, 1) == []
    assert sent(database, post, 6) == ["ada@example.org: 1 thing due back"]


def test_without_a_mail_server_nothing_is_noted_as_sent(database: Db) -> None:
    loans.prepare(database)
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    lent(database, 1, "ada", 1)
    loan_reminders._looked.clear()

    loan_reminders.send(database, START, 7)

    assert "reminded" not in (database[loans.LOANS].find_one() or {"reminded": ""})
