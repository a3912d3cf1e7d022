"""A table becomes part of the list, as a merge."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.column_names import suggest
from equipment.exchange import export, importing, memory
from equipment.exchange.identities import propose
from equipment.exchange.reading import tables
from equipment.exchange.reading.tables import Table
from equipment.store import activity
from equipment.store.access import Who
from equipment.store.list import listing
from tests.equipment.store.people import signed_in

LIST: list[dict[str, Any]] = [
    {"_id": 1, "ID": 1, "Vendor": "Acme", "Serial": "007", "Purchase Value": "3,000", "uuid": "u1"},
    {"_id": 2, "ID": 2, "Vendor": "Ohm", "Serial": "008", "Purchase Value": bson.Int64(5), "uuid": "u2"},
]


@pytest.fixture
def technician(database: Database[dict[str, Any]]) -> Who:
    database["Equipment"].insert_many([dict(record) for record in LIST])
    return signed_in(database, "technician")


def take_in(
    database: Database[dict[str, Any]], who: Who, rows: importing.Mapped, identity: Sequence[str] = ("ID",),
    **options: Any,
) -> importing.Imported:
    planned = importing.plan(database, rows, identity, clear_empty=options.get("clear_empty", False))
    return importing.run(database, who, planned)


def records(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(database["Equipment"].find().sort("ID", 1))


def test_an_export_imports_as_no_change(database: Database[dict[str, Any]], technician: Who) -> None:
    columns = ["ID", "Vendor", "Serial", "Purchase Value", "uuid"]
    data = b"".join(export.to_csv(LIST, columns))
    table = tables.read(io.BytesIO(data), "list.csv")
    rows = importing.apply_mapping(table, suggest(table.headers, columns))

    done = take_in(database, technician, rows, ("uuid",))

    assert done == importing.Imported(0, 0, 2, ())
    assert records(database) == LIST


def test_rows_update_and_add_and_remove_nothing(database: Database[dict[str, Any]], technician: Who) -> None:
    rows = [{"ID": "2", "Vendor": "Ohm & Co"}, {"ID": "", "Vendor": "New"}]

    done = take_in(database, technician, rows)

    assert (done.added, done.updated, done.unchanged) == (1, 1, 0)
    first, second, third = records(database)
    assert first == LIST[0]
    assert second == {**LIST[1], "Vendor": "Ohm & Co"}
    assert (third["ID"], third["Vendor"]) == (3, "New")
    assert third["uuid"]


def test_the_second_import_changes_nothing(database: Database[dict[str, Any]], technician: Who) -> None:
    rows = [{"ID": "2", "Vendor": "Ohm & Co", "Purchase Value": "6"}, {"ID": "9", "Vendor": "New"}]
    take_in(database, technician, rows)
    before = records(database)

    done = take_in(database, technician, rows)

    assert done == importing.Imported(0, 0, 2, ())
    assert records(database) == before
    assert type(before[1]["Purchase Value"]) is bson.Int64


SPARSE = "ID,Vendor,Model,uuid\n1,A,m1,\n2,B,m2,\n2,C,m3,\n4,D,m4,only-one\n5,E,m5,\n"
NO_KEY = "Vendor,Value,Place\nAcme,1.50,A\nAcme,1.50,A\nOhm,,B\n"


@pytest.mark.parametrize("text", [SPARSE, NO_KEY])
def test_a_second_import_of_the_same_file_changes_nothing(
    database: Database[dict[str, Any]], technician: Who, text: str
) -> None:
    table = tables.read(io.BytesIO(text.encode()), "list.csv")
    rows = importing.apply_mapping(table, suggest(table.headers, ["ID", "Vendor", "uuid"]))
    identity = propose(rows, list(table.headers), listing.sheet(database))
    first = take_in(database, technician, rows, identity)
    before = records(database)

    identity = propose(rows, list(table.headers), listing.sheet(database))
    second = take_in(database, technician, rows, identity)

    assert (second.added, second.updated, second.unchanged) == (0, 0, len(rows))
    assert first.added + first.updated == len(rows)
    assert records(database) == before


def by_id(database: Database[dict[str, Any]]) -> dict[str, str]:
    return {str(record["ID"]): record["Serial"] for record in records(database)}


def test_a_new_record_never_gets_the_id_of_another(database: Database[dict[str, Any]], technician: Who) -> None:
    database["Equipment"].delete_many({})
    database["Equipment"].insert_many([{"ID": number, "Serial": f"A{number}"} for number in (1, 2, 3)])
    database["Equipment_trash"].insert_one({"record": {"ID": 4, "Serial": "T"}})
    rows = [{"ID": "1", "Serial": "Z1"}, {"ID": "2", "Serial": "Z2"}, {"ID": "9", "Serial": "Z9"}]

    done = take_in(database, technician, rows, ("Serial",))

    assert by_id(database) == {"1": "A1", "2": "A2", "3": "A3", "5": "Z1", "6": "Z2", "9": "Z9"}
    assert done.renumbered == (importing.Renumbered(1, "1", "5"), importing.Renumbered(2, "2", "6"))
    assert "2 new ones got another ID" in done.message
    again = take_in(database, technician, rows, ("Serial",))
    assert (again.added, again.updated, again.unchanged, again.renumbered) == (0, 0, 3, ())


def test_one_id_three_times_makes_three_records_once(database: Database[dict[str, Any]], technician: Who) -> None:
    database["Equipment"].delete_many({})
    rows = [{"ID": "1", "Serial": "x", "Place": place} for place in ("A", "B", "B")]

    first = take_in(database, technician, rows, ())
    again = take_in(database, technician, rows, ())

    assert sorted(by_id(database)) == ["1", "2", "3"]
    assert (first.added, len(first.renumbered)) == (3, 2)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 3)


def test_rows_with_a_taken_id_can_be_left_out(database: Database[dict[str, Any]], technician: Who) -> None:
    planned = importing.plan(database, [{"ID": "1", "Serial": "Z1"}, {"ID": "8", "Serial": "Z8"}], ("Serial",),
                             clear_empty=False)

    done = importing.run(database, technician, planned, skip_taken=True)

    assert (done.added, done.conflicts) == (1, ("Row 1: another record has the ID 1",))
    assert "Z1" not in by_id(database).values()


def test_a_row_never_changes_the_id_of_a_record(database: Database[dict[str, Any]], technician: Who) -> None:
    [one, _] = LIST

    done = take_in(database, technician, [{"ID": "77", "uuid": one["uuid"], "Vendor": "New"}], ("uuid",))

    assert (done.updated, records(database)[0]) == (1, {**one, "Vendor": "New"})
    assert take_in(database, technician, [{"ID": "78", "uuid": one["uuid"]}], ("uuid",)).unchanged == 1


def test_rows_that_nobody_can_place_are_left_out_and_told(
    database: Database[dict[str, Any]], technician: Who
) -> None:
    done = take_in(database, technician, [{"ID": "2", "Vendor": "A"}, {"ID": "2", "Vendor": "B"}])

    assert done.updated == 0
    assert [line.split(":")[0] for line in done.conflicts] == ["Row 1", "Row 2"]
    assert records(database) == LIST


def test_what_somebody_changed_since_the_plan_is_not_overwritten(
    database: Database[dict[str, Any]], technician: Who
) -> None:
    planned = importing.plan(database, [{"ID": "1", "Vendor": "X"}], ("ID",), clear_empty=False)
    database["Equipment"].update_one({"_id": 1}, {"$set": {"Vendor": "somebody else's"}})

    done = importing.run(database, technician, planned)

    assert (done.updated, len(done.conflicts)) == (0, 1)
    assert records(database)[0]["Vendor"] == "somebody else's"


@pytest.mark.parametrize("clear", [True, False])
def test_an_empty_cell_clears_only_when_asked(
    database: Database[dict[str, Any]], technician: Who, clear: bool
) -> None:
    take_in(database, technician, [{"ID": "1", "Vendor": ""}], clear_empty=clear)

    assert records(database)[0]["Vendor"] == ("" if clear else "Acme")


def test_every_imported_record_is_in_the_log(database: Database[dict[str, Any]], technician: Who) -> None:
    take_in(database, technician, [{"ID": "1", "Vendor": "X"}, {"ID": "", "Vendor": "Y"}])

    assert activity.count(database, activity.Filter(actions=("records.import",))) == 2


def test_a_user_may_not_import(database: Database[dict[str, Any]], technician: Who) -> None:
    planned = importing.plan(database, [{"ID": "1", "Vendor": "X"}], ("ID",), clear_empty=False)

    with pytest.raises(PermissionDenied):
        importing.run(database, signed_in(database, "user"), planned)

    assert records(database) == LIST


def test_many_changes_at_once_are_for_who_may_change_many(
    database: Database[dict[str, Any]], technician: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MANY", 0)
    planned = importing.plan(database, [{"ID": "1", "Vendor": "X"}], ("ID",), clear_empty=False)

    with pytest.raises(PermissionDenied):
        importing.run(database, technician, planned)
    assert records(database) == LIST

    assert importing.run(database, signed_in(database, "manager"), planned).updated == 1


@pytest.mark.parametrize("target", ["_id", "$x", "a.b"])
def test_a_column_that_cannot_be_is_refused(target: str) -> None:
    with pytest.raises(BadInput, match="cannot be called"):
        importing.apply_mapping(Table(("H",), (("x",),)), {"H": target})


def test_every_wrong_name_is_told_at_once() -> None:
    table = Table(("a", "b", "c", "d"), (("1", "2", "3", "4"),))

    with pytest.raises(BadInput) as refused:
        importing.apply_mapping(table, {"a": "x.y", "b": "ID", "c": "ID", "d": "$z"})

    assert all(words in refused.value.message for words in ("x.y", "go to ID", "$z"))


def test_headers_find_their_columns() -> None:
    mapping = suggest(["last cal. date", "SERIAL", "Extra", "id"], ["ID", "Serial", "Last Cal Date"])

    assert mapping == {"last cal. date": "Last Cal Date", "SERIAL": "Serial", "Extra": "Extra", "id": "ID"}


def test_two_headers_for_one_column_are_refused() -> None:
    with pytest.raises(BadInput, match="Serial"):
        importing.apply_mapping(Table(("a", "b"), (("1", "2"),)), {"a": "Serial", "b": "Serial"})


def test_more_rows_than_there_is_memory_for_are_refused_before_anything(
    database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda: 1_000_000)
    rows = [{"ID": str(number), "Vendor": "Acme"} for number in range(1_300)]

    with pytest.raises(BadInput, match="Importing 1,300 rows of 2 columns takes about 1 MB of memory") as refused:
        importing.plan(database, rows, ("ID",), clear_empty=False)

    assert "parts of at most 1,200 rows" in str(refused.value)
    assert importing.plan(database, rows[:1_200], ("ID",), clear_empty=False)


def test_a_key_is_the_same_in_whatever_case_and_composition(
    database: Database[dict[str, Any]], technician: Who
) -> None:
    database["Equipment"].delete_many({})
    database["Equipment"].insert_one({"_id": 1, "ID": 1, "Serial": "PR\u00dcF-1", "Place": "A"})
    rows = [{"Serial": " pru\u0308f-1 ", "Place": "B"}]

    done = take_in(database, technician, rows, ("Serial",))

    assert (done.added, done.updated) == (0, 1)
    assert records(database) == [{"_id": 1, "ID": 1, "Serial": " pru\u0308f-1 ", "Place": "B"}]  # as the file says


def test_columns_together_tell_apart_what_none_does_alone(database: Database[dict[str, Any]], technician: Who) -> None:
    rows = [{"Vendor": vendor, "Model": model, "Place": "A"} for vendor in ("Acme", "Ohm") for model in ("1", "2")]
    take_in(database, technician, rows, ("Vendor", "Model"))
    moved = [{**row, "Place": "B"} for row in rows]

    done = take_in(database, technician, moved, ("Vendor", "Model"))

    assert (done.added, done.updated) == (0, 4)


OTHER_LAB = [{"ID": "1", "Vendor": "Volt", "Serial": "x1"}, {"ID": "2", "Vendor": "Watt", "Serial": "x2"}]


def test_another_list_with_numbers_of_its_own_is_noticed(database: Database[dict[str, Any]], technician: Who) -> None:
    planned = importing.plan(database, OTHER_LAB, ("ID",), clear_empty=False)

    assert (planned.others, planned.known) == (2, 2)
    own = [{"ID": "1", "Vendor": "Acme", "Serial": "new"}, {"ID": "2", "Vendor": "Ohm", "Serial": "008"}]
    planned = importing.plan(database, own, ("ID",), clear_empty=False)
    assert (planned.others, planned.known) == (0, 2)
