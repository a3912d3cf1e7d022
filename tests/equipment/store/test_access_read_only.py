"""While the disk of the data folder has too little room every change of the list is refused, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import NoSpace
from equipment.domain.bulk import BulkEdit
from equipment.domain.query import Query
from equipment.domain.roles import CHANGES_THE_LIST, PERMISSIONS
from equipment.exchange import importing
from equipment.exchange.reading.tables import Table
from equipment.settings import Settings, use
from equipment.store import activity
from equipment.store.access import Who, require
from equipment.store.accounts import users
from equipment.store.list import bulk, columns, listing, option_lists, options, records, samples, trash, views
from equipment.store.list.records import Save
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
ALL_OF_IT = 1_000_000
"""Megabytes: a limit that no disk here meets."""


@pytest.fixture
def lab(database: Db) -> Iterator[Db]:
    """A list with a record, a choice, something in the trash and a deleted column, from before the disk was full."""
    with use(Settings(embedded_database=False)):
        who = signed_in(database, "admin", "keeper")
        database["Equipment"].insert_many([{"_id": 1, "ID": 1, "Vendor": "Acme", "Old": "x"}, {"_id": 2, "ID": 2}])
        options.add(database, who, "Vendor", "Acme")
        columns.delete(database, who, "Old")
        trash.move(database, who, records.entries(database, [entry_key(database, 2)]))
    yield database
    listing.forget(database)


@pytest.fixture
def short(tmp_path: Path) -> Iterator[None]:
    with use(nearly_full(tmp_path)):
        yield


def nearly_full(folder: Path) -> Settings:
    return Settings(data_folder=folder / "data", backup_folder=folder / "backups", min_free_mb=ALL_OF_IT)


def entry_key(db: Db, number: int) -> str:
    sheet = listing.sheet(db)
    return next(key for key in sheet.keys(sheet.rows()) if str(number) in key)


def first(db: Db) -> records.Entry:
    return records.entries(db, [entry_key(db, 1)])[0]


def imported(db: Db, who: Who) -> object:
    rows = importing.apply_mapping(Table(("Vendor",), (("Bolt",),)), {"Vendor": "Vendor"})
    return importing.run(db, who, importing.plan(db, rows, (), clear_empty=False))


CHANGES: dict[str, Callable[[Db, Who], object]] = {
    "add": lambda db, who: records.add(db, who, {"Vendor": "Bolt"}),
    "add many": lambda db, who: records.add_many(db, who, [{"Vendor": "Bolt"}]),
    "edit": lambda db, who: records.save(db, who, [Save(first(db), {"Vendor": "Bolt"})]),
    "bulk edit": lambda db, who: bulk.apply(
        db, who, edit := BulkEdit("set", "Vendor", "Bolt"), bulk.preview(db, edit)),
    "import": imported,
    "delete": lambda db, who: trash.move(db, who, [first(db)]),
    "bring back": lambda db, who: trash.bring_back(db, who, [trash.entries(db)[0].number]),
    "purge": lambda db, who: trash.purge(db, who, [trash.entries(db)[0].number]),
    "add a choice": lambda db, who: options.add(db, who, "Vendor", "Bolt"),
    "remove a choice": lambda db, who: options.remove(db, who, "Vendor", "Acme"),
    "rename a choice": lambda db, who: option_lists.rename(db, who, "Vendor", "Acme", "Bolt", also_records=True),
    "change to a choice": lambda db, who: option_lists.change_to(db, who, "Vendor", "Acme", "Bolt"),
    "reorder choices": lambda db, who: option_lists.reorder(db, who, "Vendor", ["Acme"]),
    "add a column": lambda db, who: columns.add(db, who, "New"),
    "type of a column": lambda db, who: columns.set_type(db, who, "Vendor", "text"),
    "hide a column": lambda db, who: columns.set_hidden(db, who, "Vendor", True),
    "order of columns": lambda db, who: columns.set_order(db, who, ["Vendor", "ID"]),
    "rename a column": lambda db, who: columns.rename(db, who, "Vendor", "Maker"),
    "delete a column": lambda db, who: columns.delete(db, who, "Vendor"),
    "bring a column back": lambda db, who: columns.bring_back(db, who, columns.deleted(db)[0].number),
    "sample data": lambda db, who: samples.load(db, who, date(2025, 6, 4)),
}


def everything(db: Db) -> dict[str, list[dict[str, Any]]]:
    return {name: list(db[name].find().sort("_id", 1)) for name in sorted(db.list_collection_names())
            if name != "equipment_reserved_ids"}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("short")
def test_a_change_is_refused_and_nothing_is_written(lab: Db, change: str) -> None:
    who = signed_in(lab, "admin")
    before = everything(lab)

    with pytest.raises(NoSpace, match=r"^Not enough disk space: [\d,]+ MB are free on the disk of the data folder"):
        CHANGES[change](lab, who)

    assert everything(lab) == before


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_change_is_made_when_there_is_room(lab: Db, change: str, tmp_path: Path) -> None:
    if change == "sample data":
        lab["Equipment"].drop()  # it is for an empty list
        listing.forget(lab)
    with use(nearly_full(tmp_path).model_copy(update={"min_free_mb": 0})):
        CHANGES[change](lab, signed_in(lab, "admin"))


@pytest.mark.usefixtures("short")
def test_what_does_not_touch_the_list_goes_on(lab: Db) -> None:
    who = signed_in(lab, "admin")

    users.create(lab, who, "newcomer", "user")
    views.save(lab, who, "mine", Query())
    activity.record(lab, who, "sign_in", "somebody")

    assert [view.name for view in views.of(lab, who)] == ["mine"]


@pytest.mark.usefixtures("short")
def test_who_may_not_is_told_that_first(lab: Db) -> None:
    with pytest.raises(Exception, match="needs the role technician"):
        records.add(lab, signed_in(lab, "user"), {})


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("action", PERMISSIONS)
def test_every_action_is_one_or_the_other(lab: Db, action: str) -> None:
    other = {"records.read", "records.export", "activity.read", "views.share", "activity.export", "backup.see",
             "backup.create", "backup.restore", "backup.replace", "backup.merge", "backup.delete", "backup.let_go",
             "backup.settings", "backup.sealing", "account.email", "loans.own", "loans.manage", "events.add",
             "plans.manage", "tokens.make", "tokens.manage",
             "backup.remotes", "users.manage", "users.rights", "settings.edit", "settings.write_file"}
    assert (action in CHANGES_THE_LIST) != (action in other)

    if action in other:
        require(lab, signed_in(lab, "admin"), action)
    else:
        with pytest.raises(NoSpace):
            require(lab, signed_in(lab, "admin"), action)


def test_a_long_change_stops_between_its_batches(
    lab: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up while 3,000 records are changed: what is written is written whole, and the rest is not."""
    with use(Settings(embedded_database=False)):
        lab["Equipment"].insert_many([{"_id": number, "ID": number, "Vendor": "Acme"} for number in range(10, 3_010)])
        listing.forget(lab)
        edit = BulkEdit("set", "Vendor", "Bolt")
        planned = bulk.preview(lab, edit)
        real, calls = records.require_room, list[int]()

        def fills_up(db: Db) -> None:
            calls.append(1)
            if len(calls) > 1:
                with use(nearly_full(tmp_path)):
                    real(db)

        monkeypatch.setattr(records, "require_room", fills_up)
        with pytest.raises(NoSpace):
            bulk.apply(lab, signed_in(lab, "admin"), edit, planned)

    assert lab["Equipment"].count_documents({"Vendor": "Bolt"}) == 1_000
    logged = lab[activity.ACTIVITY].count_documents({"action": "records.bulk_edit"})
    assert logged == 1_000
