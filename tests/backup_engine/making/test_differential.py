"""Differential sets restore to exactly what the database held, however the changes were found."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Int64
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.csv_format import reader
from backup_engine.errors import BackupError, BadInput, NoSpace, VerificationFailed
from backup_engine.locking.locks import hold
from backup_engine.making import digests, following, resume_tokens
from backup_engine.making.differential import Changes
from backup_engine.making.write_set import write_changes, write_set
from backup_engine.model import BackupSet, Progress, Watch
from backup_engine.records import raw
from backup_engine.records.content_sum import Content
from backup_engine.repository import contents, ledger
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, anybodys, workspace


@pytest.fixture
def ws(tmp_path: Path, database: Database[dict[str, Any]]) -> Workspace:
    clock = StillClock()
    database.Equipment.insert_many([{"_id": n, "Serial": f"{n:05d}", "note": "x"} for n in range(300)])
    database.Equipment.insert_many([{"_id": f"t{n}", "Serial": None} for n in range(20)])
    database.Equipment_select_options.insert_one({"_id": 1, "Category": "a"})
    made = workspace(tmp_path, database, clock=clock)
    create(made, kind="full")
    clock.pass_by(minutes=10)
    return made


def live(ws: Workspace, key: str) -> set[bytes]:
    collection = ws.connect()[ws.source(key).collection]
    return {document for batch in collection.find_raw_batches({}) for document in raw.documents_of(batch)}


def restored(ws: Workspace, backup: BackupSet, key: str) -> list[bytes]:
    return [document for batch in contents.documents(ws, backup, key) for document in raw.documents_of(batch)]


def differential(ws: Workspace) -> BackupSet:
    created = create(ws, kind="differential", force=True)
    assert created.set is not None
    return created.set


def change(database: Database[dict[str, Any]]) -> None:
    """Insert, update, replace, delete, delete and insert again, and change a type only."""
    list_ = database.Equipment
    list_.insert_many([{"_id": 1000 + n, "new": True} for n in range(5)])
    list_.update_one({"_id": 7}, {"$set": {"note": "changed"}})
    list_.replace_one({"_id": 8}, {"only": "this"})
    list_.delete_many({"_id": {"$in": [9, 10, "t3"]}})
    list_.delete_one({"_id": 11})
    list_.insert_one({"_id": 11.0, "came": "back"})
    list_.update_one({"_id": 12}, {"$set": {"n": Int64(1)}})
    list_.update_one({"_id": 13}, {"$set": {"note": "y"}})
    list_.update_one({"_id": 13}, {"$set": {"note": "x"}})
    list_.insert_one({"_id": 2000})
    list_.delete_one({"_id": 2000})


def assert_exact(ws: Workspace, backup: BackupSet) -> None:
    for key, part in backup.parts.items():
        documents = restored(ws, backup, key)
        assert (len(documents), set(documents)) == (part.records, live(ws, key))
        assert Content.of(documents).matches(part)


def without_mark(ws: Workspace) -> None:
    base = ws.catalog.newest_good(anybodys)
    assert base is not None
    ws.storage.delete(".state", f"mark_{base.label}.json")


@pytest.mark.parametrize("find", [lambda _: None, without_mark], ids=["stream", "comparison"])
def test_every_kind_of_change_is_carried_and_nothing_else(
    ws: Workspace, database: Database[dict[str, Any]], find: Callable[[Workspace], None]
) -> None:
    find(ws)
    change(database)

    backup = differential(ws)

    assert (backup.kind, backup.base) == ("differential", ws.catalog.base_of(backup).backup_id)
    part = backup.parts["equipment"]
    assert (part.rows, part.deleted) == (9 + 4, 4)
    assert (backup.parts["select_options"].rows, backup.parts["select_options"].records) == (0, 1)
    assert backup.metadata["equipment_records_count"] == part.records
    assert_exact(ws, backup)
    assert verify(ws, backup, level=2).ok


def test_the_stream_reads_only_what_was_touched(
    ws: Workspace, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    digests.load(ws, *_base_and_key(ws))
    change(database)
    monkeypatch.setattr("backup_engine.mongo.snapshot.Snapshot.read", lambda *_: pytest.fail("read everything"))
    monkeypatch.setattr(reader, "read", lambda *_, **__: pytest.fail("read the full set"))

    backup = differential(ws)

    assert backup.parts["equipment"].rows == 13


def test_the_digests_of_the_full_set_are_searched_once(
    ws: Workspace, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = digests.load
    asked: list[str] = []

    def load(ws: Workspace, base: BackupSet, key: str, **options: Any) -> digests.Digests:
        asked.append(key)
        return usual(ws, base, key, **options)

    monkeypatch.setattr(digests, "load", load)
    change(database)

    backup = differential(ws)

    assert asked == ["equipment"]
    assert_exact(ws, backup)


def test_as_many_processes_read_a_differential_set_as_its_rows_need(
    ws: Workspace, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database)
    backup = differential(ws)
    asked: list[int] = []
    told: list[Progress] = []

    def none(_: int | None, rows: int) -> int:
        asked.append(rows)
        return 0

    monkeypatch.setattr(reader, "choose", none)

    list(contents.changes(ws, backup, backup.parts["equipment"], Watch(told.append)))

    assert asked == [13] and backup.parts["equipment"].records > 300
    assert (told[-1].done, told[-1].total) == (13, 13)


def test_nothing_changed_is_an_empty_table(ws: Workspace) -> None:
    backup = differential(ws)

    assert [part.rows for part in backup.parts.values()] == [0, 0]
    assert_exact(ws, backup)


def test_many_differentials_in_a_row_all_rest_on_the_day_s_full_set(
    ws: Workspace, database: Database[dict[str, Any]]
) -> None:
    dice = random.Random(5)
    states = []
    for n in range(5):
        for _ in range(6):
            database.Equipment.update_one({"_id": dice.randrange(300)}, {"$set": {"n": n}}, upsert=True)
            database.Equipment.delete_one({"_id": dice.randrange(300)})
        states.append((differential(ws), live(ws, "equipment")))

    for backup, state in states:
        assert set(restored(ws, backup, "equipment")) == state
        assert verify(ws, backup, level=2).ok
    assert len({backup.base for backup, _ in states}) == 1


def test_the_first_set_of_a_local_day_is_full(ws: Workspace) -> None:
    assert isinstance(ws.clock, StillClock)
    assert differential(ws).kind == "differential"
    ws.clock.pass_by(days=1)

    assert differential(ws).kind == "full"
    assert differential(ws).kind == "differential"


def test_a_dropped_or_renamed_collection_forces_a_full_set(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    database.Equipment.rename("away")
    database.Equipment.insert_one({"_id": 1})
    assert differential(ws).kind == "full"
    database.Equipment_select_options.drop()

    last = differential(ws)

    assert last.kind == "full"
    assert last.parts["select_options"].records == 0


def test_too_many_changes_make_a_full_set(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    database.Equipment.update_many({}, {"$set": {"all": 1}})

    assert differential(ws).kind == "full"


@pytest.fixture
def lost_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oplog has forgotten what happened since the full set."""

    def lost(*_: object) -> None:
        raise resume_tokens.Lost("ChangeStreamHistoryLost")

    monkeypatch.setattr(following, "since", lost)


@pytest.mark.usefixtures("lost_stream")
def test_a_stream_that_no_longer_reaches_back_is_replaced_by_comparison(
    ws: Workspace, database: Database[dict[str, Any]]
) -> None:
    change(database)

    backup = differential(ws)

    assert backup.kind == "differential"
    assert_exact(ws, backup)


def test_a_mark_replaces_those_that_may_go_and_nothing_else_in_state(
    ws: Workspace, database: Database[dict[str, Any]]
) -> None:
    base, _ = _base_and_key(ws)
    mark = resume_tokens.of(ws.storage, base)
    assert mark is not None
    for label in ("20250101_000000", "20250102_000000"):
        ws.storage.put(".state", f"mark_{label}.json", b"{}")
    before = ws.storage.names(".state")

    resume_tokens.keep(ws.storage, base, mark, may_go=lambda label: label == "20250101_000000")

    assert before - ws.storage.names(".state") == {"mark_20250101_000000.json"}


def test_a_forged_token_is_not_fatal(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    base, _ = _base_and_key(ws)
    mark = resume_tokens.of(ws.storage, base)
    assert mark is not None
    resume_tokens.keep(ws.storage, base, resume_tokens.Mark({"_data": "82" + "0" * 40}, mark.uuids))
    change(database)

    assert_exact(ws, differential(ws))


def test_a_damaged_full_set_is_no_base(ws: Workspace, database: Database[dict[str, Any]], tmp_path: Path) -> None:
    base, _ = _base_and_key(ws)
    path = tmp_path / base.day / str(base.parts["equipment"].file)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"00001", b"00009", 1))
    change(database)

    after = differential(ws)

    assert after.kind == "full"
    assert_exact(ws, after)


@pytest.mark.usefixtures("lost_stream")
def test_a_damaged_full_set_is_no_base_where_the_stream_is_lost_as_well(
    ws: Workspace, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    base, _ = _base_and_key(ws)
    path = tmp_path / base.day / str(base.parts["equipment"].file)
    path.write_bytes(path.read_bytes().replace(b"00001", b"00009", 1))
    change(database)

    after = differential(ws)

    assert after.kind == "full"
    assert_exact(ws, after)


def test_a_full_set_that_failed_a_verification_is_no_base(ws: Workspace) -> None:
    base, _ = _base_and_key(ws)
    ledger.remember(ws.storage, base, 1, False, ws.clock())

    assert differential(ws).kind == "full"


def test_a_long_list_notes_its_digests_while_it_is_written(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.making.digests.WORTH_IT", 1)
    base = create(ws, force=True, kind="full").set
    assert base is not None
    tables = {path.name for path in (tmp_path / ".state").glob("digests_*")}
    monkeypatch.setattr(digests, "_make", lambda *_: pytest.fail("the set was read again"))

    assert tables == {f"digests_{base.label}_{key}.bin" for key in base.parts}
    for key, part in base.parts.items():
        assert digests.load(ws, base, key).content.matches(part)


def test_a_table_of_digests_that_cannot_be_kept_is_made_when_needed(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.making.digests.WORTH_IT", 1)
    with monkeypatch.context() as patch:
        patch.setattr(digests, "_forget_others", _full_disk)
        base = create(ws, force=True, kind="full").set

    assert base is not None
    left = [path.name for path in (tmp_path / ".state").iterdir() if "digests" in path.name or "put-" in path.name]
    assert left == []
    assert digests.load(ws, base, "equipment").content.matches(base.parts["equipment"])


def _full_disk(*_: object) -> None:
    raise NoSpace("the folder is full")


def test_digests_that_were_tampered_with_are_made_anew(ws: Workspace, tmp_path: Path) -> None:
    base, key = _base_and_key(ws)
    before = digests.load(ws, base, key)
    path = tmp_path / ".state" / f"digests_{base.label}_{key}.bin"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)

    after = digests.load(ws, base, key)

    assert after.content == before.content == Content.of_part(base.parts[key])
    assert path.read_bytes() != data


def test_given_changes_over_a_safety_set(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    with hold(ws, "restore") as held:
        safety = write_set(ws, held, trigger="pre_restore")
        given = Changes([bson.encode({"_id": 5, "late": 1}), bson.encode({"_id": 999})],
                        [bson.encode({"_id": 6}), bson.encode({"_id": "never there"})])
        backup = write_changes(ws, held, safety, {"equipment": given}, trigger="pre_restore")

    part = backup.parts["equipment"]
    assert (backup.kind, backup.base, backup.trigger) == ("differential", safety.backup_id, "pre_restore")
    assert (part.records, part.rows, part.deleted) == (320, 4, 2)
    wanted = {document for document in live(ws, "equipment") if bson.decode(document)["_id"] not in (5, 6)}
    assert set(restored(ws, backup, "equipment")) == wanted | {bytes(document) for document in given.documents}
    assert verify(ws, backup, level=2).ok
    assert ws.catalog.newest_good(anybodys) == ws.catalog.sets()[0]


def test_contradictory_changes_and_wrong_bases_are_refused(ws: Workspace) -> None:
    base, _ = _base_and_key(ws)
    twice = bson.encode({"_id": 5})
    with hold(ws, "restore") as held:
        for odd in (Changes([twice, twice]), Changes([twice], [twice])):
            with pytest.raises(BackupError, match="is changed twice"):
                write_changes(ws, held, base, {"equipment": odd}, trigger="pre_restore")
        over = write_changes(ws, held, base, {}, trigger="pre_restore")
        with pytest.raises(BadInput, match=over.label):
            write_changes(ws, held, over, {}, trigger="pre_restore")

    assert len(ws.catalog.sets()) == 2


def test_a_differential_without_its_full_set_names_it(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    change(database)
    backup = differential(ws)
    base = ws.catalog.base_of(backup)
    ws.catalog.remove(base)

    with pytest.raises(VerificationFailed, match=base.backup_id):
        next(iter(contents.documents(ws, backup, "equipment")))


def _base_and_key(ws: Workspace) -> tuple[BackupSet, str]:
    base = ws.catalog.newest_good(anybodys)
    assert base is not None
    return base, "equipment"

