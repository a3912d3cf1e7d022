"""A host with public keys only: it proves what it writes, can take a restore back, and reads nothing else."""

from __future__ import annotations

import gc
import io
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pymongo.database import Database

from backup_engine import compare, drill, failpoints, history, merge, restore, undo, verify
from backup_engine.create import create
from backup_engine.csv_format import age, reader
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupError, KeyNeeded, RestoreStopped, WrongKey
from backup_engine.making import parts
from backup_engine.model import Watch
from backup_engine.repair import repair
from backup_engine.repository import contents, ledger
from backup_engine.storage.base import STATE
from backup_engine.take_in import import_set
from tests.backup_engine.engine import back_up, fill, raw
from tests.backup_engine.keys.public_only import IDENTITY, OTHER, PUBLIC, files_below, host, with_key
from tests.backup_engine.stored import file_of, flip

Db = Database[dict[str, Any]]


def safety_keys(folder: Path) -> list[Path]:
    return sorted((folder / "work" / STATE).glob("safety_*.key"))


def test_what_is_written_is_read_back_although_nobody_else_there_can_read_it(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the run opened the file: without it the read-back could only compare bytes."""
    fill(database)
    ws = host(tmp_path, database).workspace
    opened = []
    original = reader.is_as_written

    def watched(source: Any, written: Any, *, seal: Seal, **rest: Any) -> bool:
        with seal.open(io.BytesIO(source.read()), seal.suffix) as plain:
            opened.append(plain.read(4))
        source.seek(0)
        return original(source, written, seal=seal, **rest)

    monkeypatch.setattr(parts.reader, "is_as_written", watched)
    backup = back_up(ws)

    assert opened == [b"_id,"] * 2
    assert backup.metadata["codec"] == {"compression": "none", "encryption": "age", "recipients": [PUBLIC]}
    with pytest.raises(KeyNeeded):
        verify.verify(ws, backup, 2)
    assert verify.verify(with_key(ws), backup, 2).ok


def test_a_file_that_is_damaged_on_its_way_to_the_disk_never_becomes_a_backup(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    original = parts.write

    def damaging(run: Any, content: Any, watch: Any) -> None:
        original(run, content, watch)
        path = Path(ws.storage.describe()) / run.day / run.drafts[content.key].name
        flip(path, path.stat().st_size - 40)

    monkeypatch.setattr(parts, "write", damaging)
    with pytest.raises(BackupError):
        back_up(ws)

    assert ws.catalog.sets() == []


def test_the_secret_half_of_a_run_is_on_no_disk_and_goes_with_the_read_back(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    made: list[str] = []
    original = age.new_identity
    monkeypatch.setattr(age, "new_identity", lambda: made.append(original()) or made[-1])
    ws = host(tmp_path, database).workspace
    from backup_engine.making.run import Run

    seals = []
    publish = Run.publish
    monkeypatch.setattr(Run, "publish", lambda self: (publish(self), seals.append(self.ws.seal)))
    back_up(ws)
    gc.collect()

    assert len(made) == 1
    assert [(seal.identities, seal.guests) for seal in seals] == [((), ())]
    assert ws.seal.identities == ()
    assert not any(made[0].encode() in data for data in files_below(tmp_path).values())


def test_nothing_else_is_read_without_the_identity(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    journal = database["backup_restore_journal"]

    for use in (
        lambda: verify.verify(ws, backup, 2), lambda: drill.drill(ws, backup), lambda: compare.compare(ws, backup),
        lambda: contents.preview(ws, backup, "equipment"), lambda: merge.plan(ws, backup, "equipment"),
        lambda: restore.plan_replace(ws, backup, ("equipment",)),
    ):
        with pytest.raises(KeyNeeded, match="Key needed"):
            use()
    for use in (lambda: verify.verify(with_key(ws, OTHER), backup, 2), lambda: drill.drill(with_key(ws, OTHER))):
        with pytest.raises(WrongKey, match="Wrong key"):
            use()
    known = history.history_of(ws, "equipment", "3")

    assert [problem for _, problem in known.unreadable] == [
        "Key needed: the file is encrypted and no key was given"]
    assert journal.count_documents({}) == 0
    assert ledger.read(ws.storage) == {}
    assert verify.verify(ws, backup, 1).message.startswith(f"Backup {backup.label} verified at level 1 (stored bytes)")
    assert database.list_collection_names(filter={"name": {"$regex": "__drill_"}}) == []


def test_a_restore_makes_a_full_safety_set_that_undo_brings_back_without_a_person(
    tmp_path: Path, database: Db
) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    database.Equipment.update_one({"_id": 3}, {"$set": {"Vendor": "changed since"}})
    before = raw(database, "Equipment")

    plan = restore.plan_replace(with_key(ws), backup, ("equipment",))
    done = restore.replace(with_key(ws), plan)
    assert done.safety is not None and done.safety.kind == "full" and done.safety.encrypted
    [first] = safety_keys(tmp_path)
    assert first.stat().st_mode & 0o777 == 0o600
    assert not any(b"AGE-SECRET" in data for data in files_below(tmp_path / "sets").values())

    taken_back = undo.undo(ws)  # the host, with no identity at all

    assert raw(database, "Equipment") == before
    assert taken_back.safety is not None
    assert [path.stem for path in safety_keys(tmp_path)] == [f"safety_{taken_back.safety.backup_id}"]
    with pytest.raises(KeyNeeded):
        verify.verify(ws, done.safety, 2)  # its key has gone with the restore that followed
    assert verify.verify(with_key(ws), done.safety, 2).ok


def test_the_key_of_a_safety_set_stays_while_the_restore_after_it_is_not_over(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    keyed = with_key(ws)
    restore.replace(keyed, restore.plan_replace(keyed, backup, ("equipment",)))
    [first] = safety_keys(tmp_path)

    from backup_engine.replacing.steps import Replacing

    monkeypatch.setattr(Replacing, "swap", lambda self: (_ for _ in ()).throw(RestoreStopped("the test stops it")))
    with pytest.raises(RestoreStopped):
        undo.undo(ws)
    assert first in safety_keys(tmp_path)
    monkeypatch.undo()

    undo.undo(ws)
    assert first not in safety_keys(tmp_path)


def test_a_merge_is_taken_back_without_a_person_too(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    database.Equipment.delete_one({"_id": 5})
    keyed = with_key(ws)
    merge.merge(keyed, merge.plan(keyed, backup, "equipment"))
    assert database.Equipment.count_documents({}) == 20

    undo.undo(ws)

    assert database.Equipment.count_documents({}) == 19


def test_either_of_two_recipients_alone_opens_base_and_differential(tmp_path: Path, database: Db) -> None:
    fill(database, 400)
    both = [PUBLIC, age.public_half(OTHER)]
    ws = host(tmp_path, database, recipients=both, compression="zstd", identities=[IDENTITY]).workspace
    full = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 7}, {"$set": {"Vendor": "new"}})
    database.Equipment.delete_one({"_id": 8})
    differential = create(ws, force=True, kind="differential").set
    assert full is not None and differential is not None and differential.kind == "differential"

    keyless = host(tmp_path, database, recipients=both).workspace
    for identity in (IDENTITY, OTHER):
        alone = with_key(keyless, identity)
        assert verify.verify(alone, full, 2).ok
        assert verify.verify(alone, differential, 2).ok
        assert drill.drill(alone, differential).counts == {"equipment": 399, "select_options": 5}


def test_a_backup_that_is_plain_after_an_encrypted_one_says_so(tmp_path: Path, database: Db) -> None:
    fill(database)
    encrypted = back_up(host(tmp_path, database).workspace)

    plain = [back_up(host(tmp_path, database, recipients="none").workspace) for _ in range(2)]

    assert [backup.warnings for backup in (encrypted, *plain)] == [
        (), (f"it is not encrypted, and backup {encrypted.label} before it is",), ()]


def test_a_host_with_public_keys_only_makes_full_sets(tmp_path: Path, database: Db) -> None:
    fill(database, 400)
    ws = host(tmp_path, database).workspace
    kinds = [made.kind for _ in range(2) if (made := create(ws, force=True, kind="differential").set)]

    assert kinds == ["full", "full"]
    assert not list((tmp_path / "sets" / STATE).glob("digests_*"))


def test_a_wrong_identity_on_the_host_is_no_reason_not_to_back_up(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = host(tmp_path, database, identities=[OTHER]).workspace

    assert verify.verify(with_key(ws), back_up(ws), 2).ok


def test_a_drill_with_another_identity_says_nothing_against_the_set(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    drill.drill(with_key(ws), backup)

    with pytest.raises(WrongKey):
        drill.drill(with_key(ws, OTHER), backup)

    assert ledger.bad(ledger.read(ws.storage)) == set()


@pytest.mark.parametrize("step", ["R4", "R6"])
def test_writes_during_a_restore_come_back_with_undo_without_a_person(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """R4: read again; R6: replayed over the safety set, which only its own key on this machine opens."""
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    keyed = with_key(ws)

    def write() -> None:
        database.Equipment.update_one({"_id": 4}, {"$set": {"Vendor": "late"}})
        database.Equipment.delete_one({"_id": 5})

    monkeypatch.setitem(failpoints.hooks, step, write)
    done = restore.replace(keyed, restore.plan_replace(keyed, backup, ("equipment",)))
    monkeypatch.undo()
    assert done.captured == 2 and done.safety is not None and done.safety.kind == "differential"
    assert len(safety_keys(tmp_path)) == 2  # of the full set and of the one over it

    undo.undo(ws)

    assert (database.Equipment.find_one({"_id": 4}) or {})["Vendor"] == "late"
    assert database.Equipment.find_one({"_id": 5}) is None
    assert len(safety_keys(tmp_path)) == 1


def test_a_restore_that_was_killed_is_finished_without_a_person(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    keyed = with_key(ws)
    database.Equipment.update_one({"_id": 3}, {"$set": {"Vendor": "changed since"}})
    before = raw(database, "Equipment")

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    monkeypatch.setitem(failpoints.hooks, "R7", kill)
    with pytest.raises(Killed):
        restore.replace(keyed, restore.plan_replace(keyed, backup, ("equipment",)))
    monkeypatch.undo()
    back_up(ws)  # the next start of anything goes on from the journal
    assert raw(database, "Equipment") != before

    undo.undo(ws)

    assert raw(database, "Equipment") == before


PLANTED = "Zeppelin 4711"


def test_no_verb_leaves_anything_in_plain(tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done with the record, at every step of it: in the folders, and among the temporary files."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    seen: list[str] = []

    def look(*_: object) -> None:
        seen.extend(name for name, data in files_below(tmp_path).items() if PLANTED.encode() in data)

    fill(database, 400)
    database.Equipment.insert_many([{"_id": f"{PLANTED} {n}", "Comments": PLANTED} for n in range(30)])
    ws = with_key(host(tmp_path, database, compression="gzip").workspace)
    watch = Watch(look)
    first = create(ws, force=True, kind="full", watch=watch).set
    database.Equipment.delete_many({"_id": {"$regex": "1$"}})
    second = create(ws, force=True, kind="differential", watch=watch).set
    assert first is not None and second is not None
    monkeypatch.setattr("backup_engine.records.spool.IN_MEMORY", 100)
    compare.compare(ws, first, watch=watch)
    history.history_of(ws, "equipment", f"{PLANTED} 1", watch=watch)
    drill.drill(ws, second, watch=watch)
    plan = merge.plan(ws, first, "equipment", watch=watch)
    merge.merge(ws, plan, watch=watch)
    undo.undo(ws)
    restore.replace(ws, restore.plan_replace(ws, second, ("equipment",)), watch=watch)
    archive = tmp_path / "sets.zip"
    with ZipFile(archive, "w") as packed:
        for path in (tmp_path / "sets").glob(f"*day/*{first.label}*"):
            packed.write(path, path.name)
    elsewhere = with_key(host(tmp_path / "elsewhere", database).workspace)
    import_set(elsewhere, archive, watch=watch)
    flip(file_of(ws, first), 600)
    with suppress(BackupError):  # of a gzip file little may be left behind a flipped bit
        repair(ws, first, watch=watch)
    look()

    assert seen == []
    assert PLANTED not in "".join(str(backup.metadata) for backup in ws.catalog.sets())
