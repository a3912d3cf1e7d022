"""Passwords are kept as argon2id, checked with constant work, and renewed when the parameters change."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from backup_engine.errors import BadInput
from equipment.accounts.passwords import LONGEST, PASSWORDS, Passwords, check_rules
from tests.equipment.accounts.cheap import CHEAP, PASSWORD, counting


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
