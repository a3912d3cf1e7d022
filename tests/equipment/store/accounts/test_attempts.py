"""Failed sign-ins cost a growing wait, per account and per address, however many come at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from equipment.store import moments
from equipment.store.accounts import attempts
from equipment.store.accounts.attempts import PER_ACCOUNT, Limit

Db = Database[dict[str, Any]]
LIMIT = Limit(free=3, first=10, longest=60)


def test_the_wait_doubles_up_to_the_longest() -> None:
    assert [LIMIT.wait(n).total_seconds() for n in range(1, 9)] == [0, 0, 10, 20, 40, 60, 60, 60]
    assert PER_ACCOUNT.wait(10_000) == timedelta(minutes=15)


def test_attempts_during_the_wait_are_refused_and_not_counted(database: Db) -> None:
    now = moments.now()

    answers = [attempts.admit(database, "x", LIMIT, now=now).total_seconds() for _ in range(6)]

    assert answers == [0, 0, 0, 10, 10, 10]
    assert attempts.admit(database, "x", LIMIT, now=now + timedelta(seconds=11)) == timedelta(0)
    assert attempts.admit(database, "x", LIMIT, now=now + timedelta(seconds=12)).total_seconds() == 19


def test_a_thousand_attempts_in_an_hour_are_a_handful(database: Db) -> None:
    now = moments.now()

    admitted = sum(
        not attempts.admit(database, "x", PER_ACCOUNT, now=now + timedelta(seconds=3.6 * n)) for n in range(1000)
    )

    assert admitted < 20


def test_a_few_at_once_do_not_hinder_each_other(database: Db) -> None:
    start, admitted = threading.Barrier(8), []

    def attempt() -> None:
        start.wait()
        admitted.append(not attempts.admit(database, "x", Limit(free=10)))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert admitted == [True] * 8


def test_fifty_at_once_are_no_more(database: Db) -> None:
    start, admitted = threading.Barrier(50), []

    def attempt() -> None:
        start.wait()
        admitted.append(not attempts.admit(database, "x", LIMIT))

    threads = [threading.Thread(target=attempt) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 <= sum(admitted) <= LIMIT.free


def test_forgiven(database: Db) -> None:
    for _ in range(3):
        attempts.admit(database, "x", LIMIT)

    attempts.forgive(database, "x")

    assert attempts.admit(database, "x", LIMIT) == timedelta(0)


def test_taking_one_back_keeps_the_others(database: Db) -> None:
    for _ in range(2):
        attempts.admit(database, "x", LIMIT)

    attempts.take_back(database, "x")

    assert [bool(attempts.admit(database, "x", LIMIT)) for _ in range(3)] == [False, False, True]


def test_forgotten_after_a_day(database: Db) -> None:
    now = moments.now()
    for n in range(3):
        attempts.admit(database, "x", LIMIT, now=now + timedelta(hours=n))

    tomorrow = now + timedelta(hours=27)

    assert [bool(attempts.admit(database, "x", LIMIT, now=tomorrow)) for _ in range(3)] == [False, False, False]


def test_names_are_not_kept_readable(database: Db) -> None:
    assert "my password" not in attempts.account_subject("my password")
    assert len(attempts.account_subject("x" * 10_000)) < 100
