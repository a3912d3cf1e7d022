"""Ten thousand requests for an account and ten thousand wrong codes, each from another address, on the real server.

What their hashes cost a visitor's page is measured by ``scripts/attacks``; here passwords cost nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from equipment.accounts import login, signup
from equipment.accounts.login import SignInRefused, Visitor
from equipment.accounts.signup import MOST_WAITING
from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import attempts, sessions, users
from tests.equipment.accounts.cheap import PASSWORD, counting

Db = Database[dict[str, Any]]
MANY = 10_000
AT_ONCE = 8
HOME = Visitor("192.0.2.1")
"""Where Ada has signed in before."""


@pytest.fixture
def ada(database: Db) -> str:
    """An administrator who has signed in at ``HOME``."""
    _, passwords = counting()
    for each in (attempts, users):
        each.prepare(database)
    key = users.create(database, SYSTEM, "Ada", "admin", password_hash=passwords.hash(PASSWORD))[0].key
    login.sign_in(database, "Ada", PASSWORD, HOME, passwords=passwords)
    return key


def flood(attempt: Callable[[int, Visitor], object]) -> Counter[str]:
    """Do it ten thousand times, each from an address of its own; gives how often each answer came."""
    def answer(number: int) -> str:
        try:
            attempt(number, Visitor(f"2001:db8::{number:x}"))
        except SignInRefused as refused:
            return str(refused).split(".")[0]
        return "let in"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(answer, range(MANY)))


def test_requests_for_an_account(database: Db, ada: str) -> None:
    signup.switch(database, SYSTEM, True)
    _, passwords = counting()

    answers = flood(lambda number, visitor: signup.ask(database, f"Visitor {number}", PASSWORD, "let me in " * 99,
                                                       visitor, passwords=passwords))

    waiting = database[USERS].count_documents({"state": "pending"})
    assert MOST_WAITING <= waiting < MOST_WAITING + AT_ONCE  # those who looked at the same moment
    assert answers == {"let in": waiting, "Too many requests are waiting": MANY - waiting}
    assert login.sign_in(database, "Ada", PASSWORD, HOME, passwords=passwords)[1].key == ada


def test_wrong_codes(database: Db, ada: str) -> None:
    code = users.reset(database, SYSTEM, ada)
    _, passwords = counting()

    answers = flood(lambda number, visitor: login.sign_in(database, "Ada", f"{number:08d}", visitor,
                                                          passwords=passwords))

    looked_at = answers.pop("Sign-in failed")
    assert looked_at + answers.total() == MANY and all(each.startswith("Too many failed") for each in answers)
    assert looked_at < 4 * attempts.PER_ACCOUNT.free  # then each one waits longer than the one before
    assert database[sessions.SESSIONS].count_documents({}) == 1  # Ada's of before
    _, account = login.sign_in(database, "Ada", code, HOME, passwords=passwords)
    assert account.key == ada and account.must_change_password
