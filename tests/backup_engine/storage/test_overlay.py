"""A backup folder and a work folder are one place: both are read, one is written, and nothing is torn in two."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from backup_engine.errors import NoSpace, PermissionDenied
from backup_engine.storage import LocalStorage, OverlayStorage
from backup_engine.storage.base import STATE
from tests import odd_mount

Patch = pytest.MonkeyPatch


@pytest.fixture
def main(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "main")


@pytest.fixture
def work(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "work")


@pytest.fixture
def both(main: LocalStorage, work: LocalStorage) -> OverlayStorage:
    return OverlayStorage(main, work)


def close(patch: Patch, main: LocalStorage, both: OverlayStorage, code: int = errno.EROFS) -> None:
    """The backup folder can only be read from now on, and the locks find that out."""
    odd_mount.read_only(patch, main.root, code)
    assert both.refusal() is not None


def names(storage: LocalStorage | OverlayStorage, folder: str = "monday") -> list[str]:
    return [entry.name for entry in storage.entries(folder)]


def read(storage: OverlayStorage, folder: str, name: str) -> bytes:
    with storage.open(folder, name) as file:
        return file.read()


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_while_the_folder_can_only_be_read_the_work_folder_takes_what_is_written(
    main: LocalStorage, work: LocalStorage, both: OverlayStorage, monkeypatch: Patch, code: int
) -> None:
    main.put("monday", "old", b"old")
    close(monkeypatch, main, both, code)

    both.check_writable()
    both.put("monday", "note", b"1")
    draft = both.draft("monday", "x")
    draft.write(b"2")
    draft.publish("new")
    both.sync("monday")

    assert (names(main), names(work)) == (["old"], ["new", "note"])
    assert names(both) == ["new", "note", "old"]
    assert [both.place("monday", name) for name in names(both)] == [str(work.root), str(work.root), str(main.root)]
    assert both.lock_file() == work.root / ".lock"
    assert both.describe() == str(main.root)
    assert both.aside == str(work.root)


def test_a_name_that_the_folder_has_is_taken(
    main: LocalStorage, work: LocalStorage, both: OverlayStorage, monkeypatch: Patch
) -> None:
    main.put("monday", "a", b"1")
    close(monkeypatch, main, both)
    draft = both.draft("monday", "x")

    with pytest.raises(FileExistsError):
        draft.publish("a")
    draft.discard()
    with pytest.raises(FileExistsError):
        both.put("monday", "a", b"2", exclusive=True)

    assert names(work) == []


def test_what_lies_in_the_work_folder_stays_listed_when_the_folder_can_be_written_again(
    main: LocalStorage, work: LocalStorage, both: OverlayStorage
) -> None:
    work.put("monday", "safety", b"1")
    assert both.refusal() is None

    both.put("monday", "new", b"2")
    both.put("monday", "safety", b"11")  # metadata that is amended stays beside its files

    assert (names(main), names(work)) == (["new"], ["safety"])
    assert read(both, "monday", "safety") == b"11"
    with pytest.raises(FileExistsError):
        both.put("monday", "safety", b"", exclusive=True)
    both.delete("monday", "safety")
    assert (names(main), names(work)) == (["new"], [])


def test_a_note_is_the_newer_one_wherever_it_was_written(
    main: LocalStorage, both: OverlayStorage, monkeypatch: Patch
) -> None:
    both.put(STATE, "note", b"1")
    with monkeypatch.context() as patch:
        close(patch, main, both)
        both.put(STATE, "note", b"2")
        assert read(both, STATE, "note") == b"2"

    both.refusal()
    assert read(both, STATE, "note") == b"2"
    both.put(STATE, "note", b"3")
    assert read(both, STATE, "note") == b"3"


def test_what_can_only_be_read_is_not_deleted_in_silence(
    main: LocalStorage, both: OverlayStorage, monkeypatch: Patch
) -> None:
    main.put("monday", "a", b"1")
    close(monkeypatch, main, both)

    both.delete("monday", "not there")
    with pytest.raises(PermissionDenied, match="Read-only"):
        both.delete("monday", "a")


def test_a_full_folder_is_full_and_nothing_goes_aside(
    main: LocalStorage, work: LocalStorage, both: OverlayStorage, monkeypatch: Patch
) -> None:
    main.check_writable()
    odd_mount.read_only(monkeypatch, main.root, errno.ENOSPC)

    assert both.refusal() is None
    with pytest.raises(NoSpace):
        both.put("monday", "a", b"1")
    assert names(work) == []


def test_a_folder_that_turns_read_only_in_the_middle_of_a_run_stops_it(
    main: LocalStorage, work: LocalStorage, both: OverlayStorage, monkeypatch: Patch
) -> None:
    assert both.refusal() is None  # the run has begun
    both.put("monday", "first", b"1")
    odd_mount.read_only(monkeypatch, main.root)

    with pytest.raises(PermissionDenied, match="Read-only"):
        both.draft("monday", "x")
    assert names(work) == []


def test_a_work_folder_that_is_none_takes_no_backup_away(
    main: LocalStorage, both: OverlayStorage, monkeypatch: Patch, tmp_path: Path
) -> None:
    (tmp_path / "work").symlink_to("nowhere")
    main.put("monday", "a", b"1")

    assert names(both) == ["a"]
    assert read(both, "monday", "a") == b"1"
    both.put("monday", "b", b"2")
    both.delete("monday", "a")
    assert names(both) == ["b"]
    close(monkeypatch, main, both)
    with pytest.raises(PermissionDenied, match="link to"):
        both.check_writable()
