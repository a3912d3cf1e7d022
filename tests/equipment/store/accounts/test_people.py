"""Who may change who is behind an account, and what the activity tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput, FreshSignInNeeded, PermissionDenied
from equipment.domain.person import Person
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Who
from equipment.store.accounts import people
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
ADA = Person("Ada", "Lovelace", "ada@example.org", "Optics")


def _proved(database: Db, who: Who, minutes: int) -> None:
    database[SESSIONS].update_one({"_id": who.session},
                                  {"$set": {"proved": moments.now() - timedelta(minutes=minutes)}})


def test_the_owner_changes_his_own_alone(database: Db) -> None:
    ada = signed_in(database, "user", "ada")
    signed_in(database, "user", "bob")
    people.change_own(database, ada, ADA)

    assert people.of(database, "ada") == ADA
    assert people.of(database, "bob") == Person()
    with pytest.raises(AdminOnly):
        people.change(database, ada, "bob", ADA)


def test_an_administrator_changes_any_after_a_proof(database: Db) -> None:
    admin = signed_in(database, "admin")
    signed_in(database, "user", "bob")
    _proved(database, admin, minutes=60)
    with pytest.raises(FreshSignInNeeded):
        people.change(database, admin, "bob", ADA)
    assert people.of(database, "bob") == Person()

    _proved(database, admin, minutes=1)
    people.change(database, admin, "bob", ADA)
    assert people.of(database, "bob") == ADA
    with pytest.raises(BadInput, match="no such account"):
        people.change(database, admin, "nobody", ADA)


def test_another_email_of_ones_own_asks_for_a_proof_and_the_rest_does_not(database: Db) -> None:
    ada = signed_in(database, "user", "ada")
    people.change_own(database, ada, ADA)
    _proved(database, ada, minutes=60)

    for other in ("eve@example.org", ""):
        with pytest.raises(FreshSignInNeeded):
            people.change_own(database, ada, replace(ADA, email=other))
    people.change_own(database, ada, replace(ADA, department="Vacuum"))

    assert people.of(database, "ada") == replace(ADA, department="Vacuum")


def test_the_email_that_no_longer_counts_is_given_back(database: Db) -> None:
    admin, ada = signed_in(database, "admin"), signed_in(database, "user", "ada")
    others = [replace(ADA, email=email) for email in ("new@example.org", "")]

    assert people.change_own(database, ada, ADA) == ""
    assert people.change_own(database, ada, replace(ADA, last_name="King")) == ""
    assert people.change_own(database, ada, others[0]) == "ada@example.org"
    assert people.change(database, admin, "ada", others[1]) == "new@example.org"
    entries = database["equipment_activity"].find({"action": "user.person", "who": "some admin"})
    assert [(entry["target"], entry["note"]) for entry in entries] == [("user:ada", "E-mail")]


def test_nobody_signed_in_changes_nothing(database: Db) -> None:
    signed_in(database, "user", "ada")
    with pytest.raises(PermissionDenied):
        people.change_own(database, Who("0" * 64, "ada"), ADA)
    assert people.of(database, "ada") == Person()


def test_the_activity_names_the_fields_and_no_address(database: Db) -> None:
    ada = signed_in(database, "user", "ada")
    people.change_own(database, ada, ADA)
    people.change_own(database, ada, ADA)

    entries = list(database["equipment_activity"].find({"action": "user.person"}))
    assert [entry["note"] for entry in entries] == ["First name, Last name, E-mail, Department"]
    assert "ada@example.org" not in str(entries)


def test_what_cannot_be_is_not_stored(database: Db) -> None:
    ada = signed_in(database, "user", "ada")
    with pytest.raises(BadInput):
        people.change_own(database, ada, Person(email="nobody"))
    assert "email" not in (database[USERS].find_one({"_id": "ada"}) or {})
