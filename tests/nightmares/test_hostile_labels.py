"""What people may call things: accounts, columns, views, comments and files. Each is taken and shown as it is, or
refused with a sentence; none is a path, an exception, or gone."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import comment as comments
from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BackupError, BadInput
from equipment.domain.query import Query
from equipment.exchange import importing
from equipment.exchange.reading import apart
from equipment.store.access import Who
from equipment.store.accounts import users
from equipment.store.list import columns, listing, records, trash, views
from tests.backup_engine.stored import file_of, folder, no_database, store
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
NAMES = {"device": "CON", "above": "..", "NUL": "a\0b", "long": "x" * 300, "right to left": "gpj.\u202eexe",
         "isolate": "a\u2066b", "half a pair": "\udc80", "line ends": "a\r\nb", "tag": "<img src=x>"}


@pytest.fixture
def admin(database: Db) -> Who:
    database.Equipment.insert_one({"_id": 1, "ID": 1, "Vendor": "Fluke"})
    return signed_in(database, "admin")


def taken(call: Callable[[], object]) -> bool:
    """Whether it was taken; what is refused says why in words."""
    try:
        call()
    except BadInput as error:
        assert str(error).endswith(".") or error.hint
        return False
    return True


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_account_of_that_name(database: Db, admin: Who, name: str) -> None:
    if taken(lambda: users.create(database, admin, name, "user")):
        assert name in {user.name for user in users.listed(database, admin)}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_column_of_that_name(database: Db, admin: Who, name: str) -> None:
    if taken(lambda: columns.add(database, admin, name)):
        assert columns.check_name(database, "another") == "another"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_view_of_that_name(database: Db, admin: Who, name: str) -> None:
    if taken(lambda: views.save(database, admin, name, Query(text=name))):
        assert [view.query.text for view in views.of(database, admin)] == [name]


@pytest.mark.parametrize("name", [name for key, name in NAMES.items() if key != "half a pair"],
                         ids=[key for key in NAMES if key != "half a pair"])
def test_a_record_of_that_id_is_found_goes_to_the_trash_and_comes_back(database: Db, admin: Who, name: str) -> None:
    database.Equipment.insert_one({"_id": 2, "ID": name, "Vendor": name})

    page = records.page(database, Query(text=f'"{name.strip()}"'), {}, date(2026, 3, 2))
    assert [entry.record["ID"] for entry in page.entries] == [name]
    trash.move(database, admin, page.entries)
    trash.bring_back(database, admin, [entry.number for entry in trash.entries(database)])
    assert database.Equipment.find_one({"_id": 2}) == {"_id": 2, "ID": name, "Vendor": name}
    assert len(listing.sheet(database)) == 2


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_file_of_that_name_is_read_and_named_by_no_path(name: str) -> None:
    table = apart.read(io.BytesIO(b"ID,Vendor\n1,Fluke\n"), name + ".csv")

    assert list(table.headers) == ["ID", "Vendor"]
    assert list(importing.apply_mapping(table, {"ID": "ID", "Vendor": "Vendor"})) == [{"ID": "1", "Vendor": "Fluke"}]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_comment_like_that_leaves_the_set_whole(tmp_path: Path, name: str) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    try:
        comments.comment(ws, backup, name)
    except BackupError as error:
        assert error.message
    (listed,) = ws.catalog.sets()

    assert listed.state == "complete"
    assert "\n" not in listed.comment and len(listed.comment) <= 300


@pytest.mark.parametrize("what", ["a million keys", "ten thousand levels"])
def test_metadata_of_that_size_is_a_damaged_set_and_nothing_of_it_stays_in_memory(tmp_path: Path, what: str) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    said = json.dumps({f"key {number}": number for number in range(10**6)}) if what == "a million keys" else (
        '{"a":' * 10**4 + "1" + "}" * 10**4)
    file_of(ws, backup, "metadata").write_text(said)
    del said

    tracemalloc.start()
    (listed,) = ws.catalog.sets()
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 1024 * 1024 and most < 400 * 1024 * 1024
    assert listed.state == "damaged" and listed.problem and len(listed.problem) < 1_000
    days = DatabaseBackupRestore(backup_folder=str(tmp_path), connect=no_database).get_available_backups()
    assert sum(map(len, days.values())) <= 1


@pytest.mark.parametrize("text", [b"x" * 50_000_000, b"a,b\n" + b'"' + b"x" * 50_000_000], ids=["no line", "one cell"])
def test_a_file_of_fifty_megabytes_in_one_line_is_refused_in_words_or_read(text: bytes) -> None:
    try:
        table = apart.read(io.BytesIO(text), "long.csv", most_memory=600_000_000)
    except BadInput as error:
        assert "long.csv" in str(error) or error.hint
    else:
        assert len(table.headers) <= 2
