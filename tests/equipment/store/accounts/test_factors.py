"""A second factor: each code counts once and in its time, recovery codes once each, and nobody else takes it away."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from urllib.parse import unquote

import pyotp
import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput, PermissionDenied
from equipment.store import access, moments
from equipment.store.access import USERS, Who, identify, require
from equipment.store.accounts import factors
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
NOW = moments.now().replace(second=10, microsecond=0)


@pytest.fixture
def admin(database: Db) -> Who:
    return signed_in(database, "admin")


def key_of(db: Db, who: Who) -> str:
    account = identify(db, who)
    assert account is not None
    return account.key


def code_at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(int(moment.timestamp()))


@pytest.fixture
def secret(database: Db, admin: Who) -> str:
    """The one that is in force since a code of ``NOW`` was typed."""
    made = factors.offer("Ada").secret
    factors.confirm(database, admin, key_of(database, admin), made, code_at(made, NOW), now=NOW)
    return made


def test_the_address_says_whose_and_where() -> None:
    offered = factors.offer("Ada Lovelace", "lab")

    assert unquote(offered.address).startswith("otpauth://totp/Equipment (lab):Ada Lovelace?secret=" + offered.secret)
    assert len(offered.secret) == 32  # 160 bits


def test_it_is_in_force_only_once_a_code_of_it_was_typed(database: Db, admin: Who) -> None:
    key, offered = key_of(database, admin), factors.offer("Ada")

    with pytest.raises(BadInput, match="not the code"):
        factors.confirm(database, admin, key, offered.secret, "000000" if code_at(offered.secret, NOW) != "000000"
                        else "111111", now=NOW)
    assert not identify(database, admin).has_factor  # type: ignore[union-attr]
    codes = factors.confirm(database, admin, key, offered.secret, code_at(offered.secret, NOW), now=NOW)

    assert identify(database, admin).has_factor  # type: ignore[union-attr]
    assert len(set(codes)) == factors.left(database, key) == 10
    stored = str(database[USERS].find_one({"_id": key}))
    assert not any(code in stored for code in codes)


@pytest.mark.parametrize(("seconds", "right"), [(30, True), (60, True), (-30, False), (0, False)])
def test_a_code_counts_in_its_time_and_never_before_one_that_was_used(
    database: Db, admin: Who, secret: str, seconds: int, right: bool
) -> None:
    at = NOW + timedelta(seconds=seconds)

    assert factors.use(database, admin, key_of(database, admin), code_at(secret, at), now=NOW + timedelta(seconds=30)
                       ) is right


def test_a_code_counts_once(database: Db, admin: Who, secret: str) -> None:
    later, key = NOW + timedelta(minutes=5), key_of(database, admin)

    assert factors.use(database, admin, key, code_at(secret, later)[:3] + " " + code_at(secret, later)[3:], now=later)
    assert not factors.use(database, admin, key, code_at(secret, later), now=later)
    assert not factors.use(database, admin, key, code_at(secret, later), now=later + timedelta(seconds=20))


def test_of_two_who_use_the_same_code_at_once_one_comes_in(database: Db, admin: Who, secret: str) -> None:
    later, key, both, came = NOW + timedelta(minutes=5), key_of(database, admin), Barrier(8), list[bool]()

    def come() -> None:
        both.wait(20)
        came.append(factors.use(database, admin, key, code_at(secret, later), now=later))

    people = [Thread(target=come) for _ in range(8)]
    for each in people:
        each.start()
    for each in people:
        each.join(20)

    assert sorted(came) == [False] * 7 + [True]


def test_a_recovery_code_counts_once_however_it_is_typed(database: Db, admin: Who, secret: str) -> None:
    key = key_of(database, admin)
    codes = factors.renew_codes(database, admin, key)

    assert factors.use(database, admin, key, f" {codes[3].lower().replace('-', ' ')} ")
    assert not factors.use(database, admin, key, codes[3])
    assert factors.left(database, key) == 9
    assert "recovery code" in database["equipment_activity"].find_one(
        {"action": "user.factor"}, sort=[("_id", -1)])["note"]  # type: ignore[index]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "x" * 10**6, "١٢٣٤٥٦", "12345a", "\udc80", "-1"])
def test_what_is_no_code_opens_nothing(database: Db, admin: Who, secret: str, typed: str) -> None:
    assert not factors.use(database, admin, key_of(database, admin), typed, now=NOW)


def test_another_administrator_takes_it_away_and_nobody_else(database: Db, admin: Who, secret: str) -> None:
    key = key_of(database, admin)
    for role in ("manager", "user"):
        with pytest.raises(AdminOnly):
            factors.reset(database, signed_in(database, role), key)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="your own"):
        factors.reset(database, admin, key)
    other = signed_in(database, "admin", name="other admin")
    factors.reset(database, other, key)

    assert not identify(database, admin).has_factor  # type: ignore[union-attr]
    with pytest.raises(BadInput, match="no second factor"):
        factors.reset(database, other, key)


def test_where_it_is_required_an_administrator_without_one_may_nothing(
    database: Db, admin: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "second_factor", "required")

    with pytest.raises(PermissionDenied, match="second factor is due"):
        require(database, admin, "records.read")
    assert require(database, signed_in(database, "technician"), "records.read")
    made = factors.offer("Ada").secret
    factors.confirm(database, admin, key_of(database, admin), made, code_at(made, NOW), now=NOW)
    assert require(database, admin, "records.read").has_factor


def test_where_it_is_off_nobody_is_asked(
    database: Db, admin: Who, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "second_factor", "off")

    assert not identify(database, admin).has_factor  # type: ignore[union-attr]
