"""A file that was made beside the page: whose it is, until when, and that a stopped one leaves nothing."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, Cancelled, NoSpace, PermissionDenied
from backup_engine.model import SILENT, Progress, Watch
from equipment.exchange import kept_exports, list_export, made_file
from equipment.exchange.kept_exports import KEPT_SECONDS, drop, find, keep, pieces
from equipment.store.access import Who
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def none(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(kept_exports, "_kept", kept)
    return kept


def test_it_is_its_makers_alone(database: Db) -> None:
    who, other = signed_in(database, "user", "una"), signed_in(database, "admin", "ada")

    made = keep(database, who, "csv", [b"a", b"bc"], SILENT)

    assert b"".join(pieces(find(database, who, made.number))) == b"abc"
    assert (made.form, made.size) == ("csv", 3)
    with pytest.raises(BadInput):
        find(database, other, made.number)
    with pytest.raises(PermissionDenied):
        find(database, Who("nobody", "una"), made.number)
    with pytest.raises(PermissionDenied):
        keep(database, Who("nobody", "una"), "csv", [], SILENT)


def test_one_for_each_person_and_for_an_hour(
    database: Db, monkeypatch: pytest.MonkeyPatch, none: dict[str, Any]
) -> None:
    una, ada = signed_in(database, "user", "una"), signed_in(database, "admin", "ada")
    first = keep(database, una, "csv", [b"1"], SILENT)
    second = keep(database, una, "csv", [b"2"], SILENT)
    assert list(none) == [second.number]
    assert first.file.closed

    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + KEPT_SECONDS + 60)
    with pytest.raises(BadInput, match="no longer there"):
        find(database, una, second.number)
    keep(database, ada, "csv", [b"3"], SILENT)
    assert second.file.closed and second.number not in none


def test_one_that_is_dropped_while_it_is_sent_is_no_whole_file(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_exports, "PIECE", 2)
    who = signed_in(database, "user")
    made = keep(database, who, "csv", [b"abcd"], SILENT)
    sent = pieces(made)
    assert next(sent) == b"ab"

    drop(made.number)

    with pytest.raises(BadInput, match="dropped"):
        next(sent)


@pytest.mark.parametrize("count", [3, 30], ids=["here", "in a process of its own"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_it_tells_how_far_it_is_and_stops(
    database: Db, monkeypatch: pytest.MonkeyPatch, none: dict[str, Any], form: str, count: int
) -> None:
    monkeypatch.setattr(list_export, "BATCH", 10)
    monkeypatch.setattr(made_file, "FEW", 10)
    database.Equipment.insert_many([{"_id": number, "ID": number} for number in range(count)])
    who, told = signed_in(database, "user"), list[Progress]()
    keys = list_export.keys_for(database, None)

    made = keep(database, who, form, list_export.stream(database, who, form, keys, watch=Watch(told.append)), SILENT)

    assert told[0] == Progress("Writing the records", 0, count)
    assert told[-1] == Progress("Closing the file", count, count)
    assert len(told) == -(-count // 10) + 1
    assert made.size == len(b"".join(pieces(made))) > 0
    stopped = Watch(None, lambda: True)
    with pytest.raises(Cancelled):
        keep(database, who, form, list_export.stream(database, who, form, keys, watch=stopped), stopped)
    assert list(none) == [made.number]


def test_a_cancel_between_two_pieces_and_a_full_disk_leave_no_file(
    database: Db, none: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, asked = signed_in(database, "user"), iter([False, True])

    with pytest.raises(Cancelled):
        keep(database, who, "csv", [b"a", b"b"], Watch(None, lambda: next(asked)))

    def full() -> Iterator[bytes]:
        yield b"a"
        _refuse()

    with pytest.raises(NoSpace, match="no room"):
        keep(database, who, "csv", full(), SILENT)
    assert not none


def _refuse() -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")
