"""What the list, its options and its columns let through: whoever has just too low a role is refused, and nothing is
written, not even what would be needed for an undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import PermissionDenied
from equipment.domain.person import Person
from equipment.domain.query import Query
from equipment.domain.roles import PERMISSIONS, ROLES
from equipment.exchange import list_export
from equipment.settings import Settings
from equipment.store import access, activity, work
from equipment.store.access import Who
from equipment.store.accounts import people
from equipment.store.list import bulk, columns, option_lists, options, records, samples, trash, undoable
from equipment.store.list.bulk import BulkEdit
from equipment.store.list.records import Entry, Save
from equipment.ui.context import App
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
Deed = Callable[[Db, Who, Entry], object]

ASKED = work.Work("6a0000000000000000000000", "Backup", "Ada", "Writing", 0, None, final=False, stops=False,
                  kind="writing")
DEEDS: list[tuple[str, Deed]] = [
    ("records.edit", lambda db, who, seen: undoable.save(db, who, [Save(seen, {"Vendor": "Ohm"})])),
    ("records.delete", lambda db, who, seen: undoable.move_to_trash(db, who, [seen])),
    ("records.delete", lambda db, who, seen: trash.move(db, who, [seen])),
    ("records.delete", lambda db, who, seen: trash.bring_back(db, who, ["1"])),
    ("records.purge", lambda db, who, seen: trash.purge(db, who, ["1"])),
    ("records.bulk_edit", lambda db, who, seen: bulk.apply(
        db, who, BulkEdit("set", "Vendor", "Ohm"), [(seen.key, "Acme", "Ohm")])),
    ("records.bulk_edit", lambda db, who, seen: option_lists.change_to(db, who, "Vendor", "Acme", "Ohm")),
    ("records.bulk_edit", lambda db, who, seen: option_lists.rename(db, who, "Vendor", "Acme", "Ohm",
                                                                    also_records=True)),
    ("options.edit", lambda db, who, seen: option_lists.rename(db, who, "Vendor", "Acme", "Ohm")),
    ("options.edit", lambda db, who, seen: option_lists.reorder(db, who, "Vendor", ["Acme"])),
    ("options.edit", lambda db, who, seen: options.add(db, who, "Vendor", "Ohm")),
    ("options.edit", lambda db, who, seen: options.take(db, who, "Vendor", ["Ohm"])),
    ("options.edit", lambda db, who, seen: options.remove(db, who, "Vendor", "Acme")),
    ("sample.load", lambda db, who, seen: options.load(db, who, [{"Vendor": "Ohm"}])),
    ("sample.load", lambda db, who, seen: samples.load(db, who, date(2026, 1, 1))),
    ("columns.manage", lambda db, who, seen: columns.add(db, who, "Colour")),
    ("columns.manage", lambda db, who, seen: columns.set_type(db, who, "Vendor", "number")),
    ("columns.manage", lambda db, who, seen: columns.set_date_order(db, who, "Last Cal Date", "day/month")),
    ("columns.manage", lambda db, who, seen: columns.set_hidden(db, who, "Vendor", True)),
    ("columns.manage", lambda db, who, seen: columns.set_order(db, who, ["Vendor"])),
    ("columns.manage", lambda db, who, seen: columns.rename(db, who, "Vendor", "Maker")),
    ("columns.manage", lambda db, who, seen: columns.delete(db, who, "Vendor")),
    ("columns.manage", lambda db, who, seen: columns.bring_back(db, who, "1")),
    ("records.import", lambda db, who, seen: columns.decide_date_order(db, who, "Last Cal Date", "day/month")),
    ("backup.create", lambda db, who, seen: work.ask_to_stop(db, who, ASKED)),
    ("users.rights", lambda db, who, seen: people.change(db, who, "some user", Person(last_name="X"))),
]


@pytest.fixture
def seen(database: Db) -> Entry:
    database["Equipment"].insert_one({"ID": 1, "Vendor": "Acme", "Last Cal Date": "01/02/2026"})
    database[options.OPTIONS].insert_one({"Vendor": "Acme"})
    [entry] = records.page(database, Query(), {}, date(2026, 1, 1)).entries
    return entry


def held(database: Db) -> dict[str, list[dict[str, Any]]]:
    """Give all that the database holds."""
    return {name: list(database[name].find()) for name in sorted(database.list_collection_names())}


@pytest.mark.parametrize(("action", "deed"), DEEDS)
def test_one_role_less_is_refused_and_writes_nothing(database: Db, seen: Entry, action: str, deed: Deed) -> None:
    least = PERMISSIONS[action]
    who = signed_in(database, ROLES[ROLES.index(least) - 1])
    before = held(database)

    with pytest.raises(PermissionDenied, match=f"needs the role {least}"):
        deed(database, who, seen)

    assert held(database) == before


def test_what_everybody_may_is_let_through(database: Db, seen: Entry) -> None:
    who = signed_in(database, "user")

    assert b"Acme" in b"".join(list_export.stream(database, who, "csv", [seen.key]))
    assert activity.readable(database, who, activity.Filter()).without == activity.ABOUT_ACCOUNTS
    people.change_own(database, who, Person(last_name="Lovelace", email="ada@example.org"))
    assert people.of(database, who.name) == Person(last_name="Lovelace", email="ada@example.org")


def test_whoever_manages_accounts_reads_of_them(database: Db) -> None:
    assert activity.readable(database, signed_in(database, "admin"), activity.Filter()).without == ()


def test_the_page_says_who_is_there_as_the_database_has_it_now(database: Db) -> None:
    who = signed_in(database, "user", "ada")
    account = access.identify(database, who)
    assert account is not None
    app = App(Settings(), database, who, account)
    assert app.current_user() == ("ada", "user")

    database[access.SESSIONS].delete_many({})

    with pytest.raises(PermissionDenied):
        app.current_user()
