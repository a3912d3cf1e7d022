"""Backups from elsewhere: zips and folders, sound and not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, merge, verify
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupError, BackupFileNotFound, BadInput, DatabaseUnreachable, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.policy.retention import decide
from backup_engine.repository import unpacking
from backup_engine.take_in import import_set, import_sets
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, anybodys, back_up, fill, workspace
from tests.backup_engine.legacy_sets import write_legacy_set

Data = Database[dict[str, Any]]


@pytest.fixture
def away(tmp_path: Path, database: Data) -> Workspace:
    fill(database)
    database.Equipment.create_index("Serial", unique=True)
    clock = StillClock(datetime(2025, 8, 7, 10, 11, 12, tzinfo=UTC))
    return workspace(tmp_path / "away", database, clock=clock, seal=Seal(compression="gzip"))


@pytest.fixture
def here(tmp_path: Path, database: Data) -> Workspace:
    return workspace(tmp_path / "here", database, clock=StillClock(datetime(2025, 9, 1, 12, tzinfo=UTC)))


def backup(ws: Workspace) -> BackupSet:
    return back_up(ws)


def zipped(folder: Path, *, rename: Callable[[str], str] = lambda name: name, only: str = "") -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*_backup_*")) + sorted(folder.rglob("backup_metadata_*")):
            if ".state" not in path.parts and only in path.name:
                archive.writestr(rename(path.name), path.read_bytes())
    stream.seek(0)
    return stream


def test_a_zip_comes_in_under_its_own_date_pinned_and_equal(away: Workspace, here: Workspace, tmp_path: Path) -> None:
    original = backup(away)

    taken = import_set(here, zipped(tmp_path / "away"))

    assert (taken.label, taken.day, taken.trigger, taken.pinned) == ("20250807_101112", "thursday", "imported", True)
    assert taken.parts["equipment"].content_sha256 == original.parts["equipment"].content_sha256
    assert str(taken.parts["equipment"].file).endswith(".csv")
    assert [index["name"] for index in taken.parts["equipment"].indexes] == ["_id_", "Serial_1"]
    assert verify.verify(here, taken, 2).ok
    assert here.catalog.last(anybodys) is None
    assert all(decision.keep for decision in decide(here.catalog.sets(), datetime(2026, 1, 1, tzinfo=UTC)))


def test_it_merges_like_any_other(away: Workspace, here: Workspace, tmp_path: Path, database: Data) -> None:
    backup(away)
    database.Equipment.delete_many({"_id": {"$lt": 5}})

    merged = merge.merge(here, merge.plan(here, import_set(here, tmp_path / "away"), "equipment"))

    assert (merged.inserted, merged.unchanged) == (5, 15)


def test_the_same_backup_comes_in_once(away: Workspace, here: Workspace, tmp_path: Path) -> None:
    backup(away)
    first = import_set(here, zipped(tmp_path / "away"))

    assert import_set(here, zipped(tmp_path / "away")).backup_id == first.backup_id
    assert import_set(here, tmp_path / "here").backup_id == first.backup_id
    assert len(here.catalog.sets()) == 1


def test_a_folder_with_several_sets(away: Workspace, here: Workspace, tmp_path: Path) -> None:
    backup(away)
    away.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    newest = backup(away)

    taken = import_sets(here, str(tmp_path / "away"))

    assert [listed.label for listed in taken] == ["20250807_101112", newest.label]
    assert len(here.catalog.sets()) == 2


def whole_folder(folder: Path) -> io.BytesIO:
    """Everything in it, ``.state`` included, as a person zips it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"{folder.name}/{path.relative_to(folder)}")
    stream.seek(0)
    return stream


@pytest.mark.parametrize("pack", [whole_folder, lambda folder: folder], ids=["zip", "folder"])
def test_the_whole_folder_brings_in_every_set_once(
    away: Workspace, here: Workspace, tmp_path: Path, pack: Callable[[Path], Any]
) -> None:
    made = [backup(away)]
    away.clock.pass_by(days=1)  # type: ignore[attr-defined]
    made.append(backup(away))
    (tmp_path / "away" / made[0].day / made[0].metadata_file).unlink()  # its second copy is in .state
    gone = made[1].metadata_file.replace(made[1].label, "20250101_000000")
    (tmp_path / "away" / ".state" / gone).write_bytes(b"{}")  # a second copy without files is of a set that is gone

    first = import_sets(here, pack(tmp_path / "away"))
    again = import_sets(here, pack(tmp_path / "away"))

    assert [taken.label for taken in first] == [saved.label for saved in made]
    assert [taken.backup_id for taken in again] == [taken.backup_id for taken in first]
    assert len(here.catalog.sets()) == 2


def test_a_set_that_went_through_another_folder_is_known_again(
    away: Workspace, here: Workspace, tmp_path: Path, database: Data
) -> None:
    backup(away)
    third = workspace(tmp_path / "third", database, clock=StillClock(datetime(2025, 9, 2, 12, tzinfo=UTC)))

    import_set(here, whole_folder(tmp_path / "away"))
    import_set(third, whole_folder(tmp_path / "here"))
    for place, other in ((away, "third"), (third, "away"), (here, "third")):
        import_set(place, whole_folder(tmp_path / other))

    assert [len(place.catalog.sets()) for place in (away, here, third)] == [1, 1, 1]


def test_a_differential_set_comes_in_whole(
    away: Workspace, here: Workspace, tmp_path: Path, database: Data
) -> None:
    backup(away)
    database.Equipment.delete_one({"_id": 1})
    away.clock.pass_by(minutes=5)  # type: ignore[attr-defined]
    small = create.create(away, force=True, kind="differential").set
    assert small is not None and small.kind == "differential"

    taken = import_set(here, zipped(tmp_path / "away"))

    assert (taken.kind, taken.counts["equipment"]) == ("full", 19)
    assert taken.parts["equipment"].content_sha256 == small.parts["equipment"].content_sha256


def test_a_differential_set_finds_its_full_one_here(
    away: Workspace, tmp_path: Path, database: Data
) -> None:
    full = backup(away)
    database.Equipment.delete_one({"_id": 1})
    away.clock.pass_by(minutes=5)  # type: ignore[attr-defined]
    small = create.create(away, force=True, kind="differential").set
    assert small is not None
    stream = zipped(tmp_path / "away", only=small.label)
    away.catalog.remove(small)

    with pytest.raises(VerificationFailed, match="it rests on is missing"):
        import_set(workspace(tmp_path / "nowhere", database), stream)
    taken = import_set(away, stream)

    assert (taken.kind, taken.counts["equipment"]) == ("full", 19)
    assert [listed.label for listed in away.catalog.sets()] == [full.label, small.label]


def test_it_works_with_the_database_down(away: Workspace, tmp_path: Path) -> None:
    backup(away)

    def down() -> Data:
        raise DatabaseUnreachable("no answer")

    assert import_set(workspace(tmp_path / "here", down), zipped(tmp_path / "away")).pinned


def test_a_set_of_the_original_system_comes_in_as_it_is(here: Workspace, tmp_path: Path, database: Data) -> None:
    database.Equipment.insert_one({"_id": 1, "uuid": "u1", "n": 5})
    write_legacy_set(tmp_path / "old", datetime(2025, 8, 7, 1, 2, 3), [{"uuid": "u1", "n": 5}, {"uuid": "u2", "n": 7}])

    taken = import_set(here, zipped(tmp_path / "old"))
    again = import_set(here, zipped(tmp_path / "old"))

    assert (taken.state, taken.label, taken.day, taken.pinned) == ("legacy", "20250807_010203", "thursday", True)
    assert again.label == taken.label
    plan = merge.plan(here, taken, "equipment")
    assert (plan.inserts, plan.updates, plan.unchanged) == (1, 0, 1)


def test_a_taken_second_moves_to_the_next(here: Workspace, tmp_path: Path) -> None:
    moment = datetime(2025, 8, 7, 1, 2, 3)
    write_legacy_set(tmp_path / "here", moment, [{"uuid": "ours"}])
    write_legacy_set(tmp_path / "old", moment, [{"uuid": "theirs"}, {"uuid": "more"}])

    taken = import_set(here, tmp_path / "old")

    assert taken.label == "20250807_010204"
    assert taken.counts["equipment"] == 2
    assert [listed.counts["equipment"] for listed in here.catalog.sets()] == [1, 2]


@pytest.mark.parametrize("harm", [
    lambda content: content[:-20], lambda content: content[:90] + bytes([content[90] ^ 1]) + content[91:],
    lambda content: b"", lambda content: content + b"\n",
])
def test_an_unsound_set_stays_outside(
    away: Workspace, here: Workspace, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    saved = backup(away)
    file = tmp_path / "away" / saved.day / str(saved.parts["equipment"].file)
    file.write_bytes(harm(file.read_bytes()))

    with pytest.raises(VerificationFailed):
        import_set(here, zipped(tmp_path / "away"))
    assert here.catalog.sets() == []


def test_a_table_saved_by_a_spreadsheet_is_refused_with_the_way_to_go(tmp_path: Path, database: Data) -> None:
    fill(database)
    away = workspace(tmp_path / "away", database)
    saved = backup(away)
    file = tmp_path / "away" / saved.day / str(saved.parts["equipment"].file)
    file.write_bytes(file.read_bytes().replace(b"00001", b"1").replace(b"\r\n", b"\n"))

    with pytest.raises(VerificationFailed, match=r"the file was changed.*import it as a list"):
        import_set(workspace(tmp_path / "here", database), zipped(tmp_path / "away"))


def test_a_missing_file_is_named(away: Workspace, here: Workspace, tmp_path: Path) -> None:
    saved = backup(away)
    name = str(saved.parts["select_options"].file)
    (tmp_path / "away" / saved.day / name).unlink()

    with pytest.raises(BackupFileNotFound, match=name):
        import_set(here, zipped(tmp_path / "away"))


@pytest.mark.parametrize("prefix", ["../../../", "/etc/", "C:\\x\\", "a/b/c/"])
def test_paths_in_a_zip_mean_nothing(away: Workspace, here: Workspace, tmp_path: Path, prefix: str) -> None:
    backup(away)
    before = {path for path in tmp_path.rglob("*") if "here" not in path.parts}

    taken = import_set(here, zipped(tmp_path / "away", rename=lambda name: prefix + name))

    assert taken.counts["equipment"] == 20
    assert {path for path in tmp_path.rglob("*") if "here" not in path.parts} == before


def bomb() -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("backup_metadata_20250807_101112.json", "{}")
        with archive.open("equipment_backup_20250807_101112.csv", "w", force_zip64=True) as entry:
            for _ in range(100):
                entry.write(bytes(1 << 20))
    stream.seek(0)
    return stream


def nothing() -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    stream.seek(0)
    return stream


def doubled() -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for folder in ("a", "b"):
            archive.writestr(f"{folder}/backup_metadata_20250807_101112.json", "{}")
    stream.seek(0)
    return stream


def many() -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(unpacking.MAX_ENTRIES + 1):
            archive.writestr(f"{number}", b"")
    stream.seek(0)
    return stream


@pytest.mark.parametrize(("source", "words"), [
    (bomb, "is not opened"), (nothing, "no file is named like"), (doubled, "two files named"), (many, "20,001 files"),
    (lambda: io.BytesIO(b"no zip"), "cannot be read"), (lambda: io.BytesIO(b""), "cannot be read"),
    (lambda: "/nowhere/at/all", "There is no file or folder"),
])
def test_what_is_no_backup_is_refused_in_words(here: Workspace, source: Callable[[], Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        import_set(here, source())
    assert here.catalog.sets() == []


@pytest.mark.parametrize("metadata", [b"", b"{}", b"[]", b'{"format_version": 2}', b'{"min_reader_version": 99}'])
def test_unreadable_metadata_is_an_error_of_ours(
    away: Workspace, here: Workspace, tmp_path: Path, metadata: bytes
) -> None:
    saved = backup(away)
    (tmp_path / "away" / saved.day / saved.metadata_file).write_bytes(metadata)

    with pytest.raises(BackupError):
        import_set(here, zipped(tmp_path / "away"))


def test_a_broken_zip_stream_is_refused(away: Workspace, here: Workspace, tmp_path: Path) -> None:
    backup(away)
    content = bytearray(zipped(tmp_path / "away").getvalue())
    content[60:90] = bytes(30)

    with pytest.raises(BackupError):
        import_set(here, io.BytesIO(content))


def test_links_in_a_folder_are_not_followed(here: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("uuid\nu1\n")
    label = write_legacy_set(tmp_path / "old", datetime(2025, 8, 7, 1, 2, 3), [{"uuid": "u1"}])
    file = tmp_path / "old" / "thursday" / f"equipment_backup_{label}.csv"
    file.unlink()
    file.symlink_to(secret)

    with pytest.raises(BackupError, match="equipment_backup"):
        import_set(here, tmp_path / "old")


def test_eight_keys_are_kept_and_two_are_added(here: Workspace, tmp_path: Path) -> None:
    label = write_legacy_set(tmp_path / "old", datetime(2025, 8, 7, 1, 2, 3), [{"uuid": "u1"}])
    original = json.loads((tmp_path / "old" / "thursday" / f"backup_metadata_{label}.json").read_text())

    taken = import_set(here, tmp_path / "old")

    assert dict(taken.metadata) == {**original, "trigger": "imported", "pinned": True}
