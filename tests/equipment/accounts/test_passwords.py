"""Passwords are kept as argon2id, checked with constant work, and renewed when the parameters change."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from backup_engine.errors import BadInput
from equipment.accounts.passwords import (
    AT_ONCE,
    LONGEST,
    PASSWORDS,
    WAITING,
    Passwords,
    TooManyAtOnce,
    check_rules,
)
from tests.equipment.accounts.cheap import CHEAP, PASSWORD, counting
from tests.server.running_app import wait_for


def test_the_real_parameters() -> None:
    stored = PASSWORDS.hash(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORDS.check(stored, PASSWORD).right
    assert not PASSWORDS.check(stored, PASSWORD + "x").right


def test_other_parameters_give_a_new_hash() -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    stored = CHEAP.hash(PASSWORD)

    checked = stronger.check(stored, PASSWORD)

    assert checked.right
    assert checked.rehashed is not None
    assert stronger.check(checked.rehashed, PASSWORD) == type(checked)(True, None)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_without_a_usable_hash_nothing_is_right(stored: str | None) -> None:
    assert not CHEAP.check(stored, PASSWORD).right
    assert not CHEAP.check(stored, "nobody has this password").right


def test_unknown_and_known_names_cost_one_verification_each() -> None:
    hasher, passwords = counting()
    stored = passwords.hash(PASSWORD)

    passwords.check(stored, "wrong password")
    passwords.check(None, "wrong password")

    assert hasher.verified == 2


@pytest.mark.parametrize("typed", ["Ångström units", "A\u030angstro\u0308m units"])
def test_the_same_letters_typed_differently_are_the_same_password(typed: str) -> None:
    assert CHEAP.check(CHEAP.hash("Ångström units"), typed).right


@pytest.mark.parametrize("password", [
    "", "short", "password12", "Administrator1", "aaaaaaaaaaaaa", "1234567890", "x" * 2000, "Ada Lovelace",
    "ada lovelace!!", "Lovelace1852", "Passw0rd1234", "qwertzuiop", "abcdefghij", "hunter2hunter2", "equipment123",
    "Iloveyou123!", "1q2w3e4r5t",
])
def test_what_would_be_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_rules(password, "Ada Lovelace")


@pytest.mark.parametrize("password", [
    PASSWORD, "my lab is cold", "x" * 60 + " q7 " + "Zk", "x#8 kdE_0q", "пароль из слов",
    "\udc80 lone surrogate", "éàü" + "kdE_0qz",
])
def test_others_are_taken(password: str) -> None:
    check_rules(password, "Ada Lovelace")

    assert CHEAP.check(CHEAP.hash(password), password).right


def test_a_huge_password_costs_no_more() -> None:
    assert not CHEAP.check(CHEAP.hash(PASSWORD), "x" * 10_000_000).right
    assert LONGEST == 1000


class Held(PasswordHasher):
    """Verifies nothing before it is let go, and counts how many are in it at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.let_go, self.full, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.inside = self.most = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        """Wait, and do it."""
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.inside == AT_ONCE:
                self.full.set()
        self.let_go.wait(60)
        with self.lock:
            self.inside -= 1
        return super().verify(hash, password)  # type: ignore[return-value]


def test_of_ten_thousand_at_once_a_hundred_wait_and_the_others_are_sent_away() -> None:
    hasher = Held()
    passwords = Passwords(hasher)
    stored = CHEAP.hash(PASSWORD)
    with ThreadPoolExecutor(AT_ONCE + WAITING) as people:
        taken = [people.submit(passwords.check, stored, PASSWORD) for _ in range(AT_ONCE + WAITING)]
        try:
            assert hasher.full.wait(60)
            refused = 0
            # Those taken stand in the queue before the first one is refused; until then one of ours could take a place.
            wait_for(lambda: not passwords._places._value, "a hundred who wait")
            for _ in range(10_000 - AT_ONCE - WAITING):
                with pytest.raises(TooManyAtOnce, match=r"^Too many people sign in at this moment"):
                    passwords.check(stored, PASSWORD)
                refused += 1
        finally:
            hasher.let_go.set()
        assert all(check.result(60).right for check in taken)

    assert (refused, hasher.most) == (10_000 - AT_ONCE - WAITING, AT_ONCE)
    assert passwords.check(stored, PASSWORD).right, "every place was given back"


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_hashing_lets_pages_go_first() -> None:
    seen: list[int] = []

    class Looking(PasswordHasher):
        """Notes the priority it is given."""

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            """Note, and do it."""
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super().hash(password, salt=salt)

    Passwords(Looking(time_cost=1, memory_cost=8, parallelism=1)).hash(PASSWORD)

    assert seen[0] > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
