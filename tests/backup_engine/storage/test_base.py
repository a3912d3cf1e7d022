"""What every storage must do alike, and what a folder on disk must refuse.

Whatever is registered in ``KINDS`` is tested; nothing has to be added here, unless it cannot be opened at a folder.
"""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backup_engine.errors import BackupFileNotFound, BadInput, NoSpace, PermissionDenied
from backup_engine.storage import KINDS, LocalStorage, MemoryStorage, OverlayStorage, Storage, folders, open_storage
from tests import odd_mount

UNIONS = ("overlay", "overlay, read-only")
"""A backup folder with a work folder: while the first can be written, and while it cannot."""
BY_PATH = "file, by path"
"""A folder as it is held where folders cannot be opened."""
ADDRESSES: dict[str, Callable[[Path], str]] = {}
"""Kinds that need more than a folder, such as a server → their address for a test in that folder."""


@pytest.fixture(params=[*KINDS, BY_PATH, *UNIONS])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    kind, folder = request.param, tmp_path / "backups"
    if kind == BY_PATH:
        monkeypatch.setattr(folders, "HELD", False)
        return open_storage(folder)
    if kind in UNIONS:
        union = open_storage(folder, tmp_path / "work")
        if "read-only" in kind:
            folder.mkdir()
            odd_mount.read_only(monkeypatch, folder)
        assert (union.refusal() is None) is ("read-only" not in kind)
        return union
    return open_storage(ADDRESSES[kind](folder) if kind in ADDRESSES else f"{kind}://{folder}")


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "backups")


def read(storage: Storage, folder: str, name: str) -> bytes:
    with storage.open(folder, name) as file:
        return file.read()


def test_a_draft_exists_under_its_final_name_only_when_published(storage: Storage) -> None:
    draft = storage.draft("monday", "20250101_000000")
    draft.write(b"half")
    draft.write(b" done")
    draft.sync()

    assert draft.name.startswith(".tmp-20250101_000000-")
    assert [entry.name for entry in storage.entries("monday")] == [draft.name]
    assert draft.reopen().read() == b"half done"

    draft.publish("final.csv")
    storage.sync("monday")

    assert [(entry.name, entry.size) for entry in storage.entries("monday")] == [("final.csv", 9)]
    assert read(storage, "monday", "final.csv") == b"half done"


def test_nothing_is_ever_overwritten_by_publishing(storage: Storage) -> None:
    storage.put("monday", "final.csv", b"first")
    draft = storage.draft("monday", "x")
    draft.write(b"second")

    with pytest.raises(FileExistsError):
        draft.publish("final.csv")
    draft.discard()

    assert [entry.name for entry in storage.entries("monday")] == ["final.csv"]
    assert read(storage, "monday", "final.csv") == b"first"


def test_a_place_inside_has_folders_of_its_own(storage: Storage) -> None:
    inside = storage.inside(".app")
    assert (inside.names("monday") == set() and inside.refusal() is None) or storage.aside
    storage.put("monday", "same.json", b"outside")
    inside.put("monday", "same.json", b"inside")
    draft = inside.draft("monday", "x")
    draft.write(b"more")
    draft.publish("more.csv")

    assert (read(storage, "monday", "same.json"), read(inside, "monday", "same.json")) == (b"outside", b"inside")
    assert (storage.names("monday"), inside.names("monday")) == ({"same.json"}, {"same.json", "more.csv"})
    assert read(storage.inside(".app"), "monday", "more.csv") == b"more"
    assert storage.inside(".other").names("monday") == set()
    assert inside.describe() != storage.describe()
    with pytest.raises(PermissionDenied, match="is not a file name"):
        storage.inside("../.app").put("monday", "x", b"")


def test_discarding_twice_or_after_publishing_does_nothing(storage: Storage) -> None:
    gone, kept = storage.draft("monday", "a"), storage.draft("monday", "b")
    kept.publish("kept")

    for draft in (gone, gone, kept):
        draft.discard()

    assert [entry.name for entry in storage.entries("monday")] == ["kept"]


def test_put_replaces_unless_exclusive(storage: Storage) -> None:
    storage.put(".state", "note", b"1")
    storage.put(".state", "note", b"22")

    with pytest.raises(FileExistsError):
        storage.put(".state", "note", b"333", exclusive=True)

    assert [(entry.name, entry.size) for entry in storage.entries(".state")] == [("note", 2)]
    storage.put("", "README.txt", b"top", exclusive=True)
    assert read(storage, "", "README.txt") == b"top"


def test_delete_is_quiet_about_what_is_gone(storage: Storage) -> None:
    storage.put("monday", "a", b"")

    storage.delete("monday", "a")
    storage.delete("monday", "a")
    storage.delete("friday", "a")

    assert storage.entries("monday") == storage.entries("friday") == []


def test_some_names_are_looked_at_alone(storage: Storage) -> None:
    for name in ("a", "b", "c"):
        storage.put("monday", name, name.encode() * 3)

    everything = {entry.name: entry for entry in storage.entries("monday")}

    assert storage.entries_of("monday", {"c", "a", "gone"}) == [everything["a"], everything["c"]]
    assert storage.entries_of("monday", set()) == storage.entries_of("sunday", {"a"}) == []


def test_the_stamp_of_a_folder_tells_when_names_came_or_went(storage: Storage, tmp_path: Path) -> None:
    def age() -> None:
        # A folder that changed less than a clock tick ago gives no stamp.
        for path in tmp_path.glob("*/monday"):
            os.utime(path, (1, next(moments)))

    moments = iter(range(1, 9))
    storage.put("monday", "a", b"")
    age()
    first = storage.stamp("monday")
    assert first == storage.stamp("monday") is not None

    storage.put("monday", "b", b"")
    assert storage.stamp("monday") != first
    age()
    second = storage.stamp("monday")
    storage.delete("monday", "a")
    assert storage.stamp("monday") != second


def test_a_missing_file_is_named(storage: Storage) -> None:
    with pytest.raises(BackupFileNotFound, match=r"friday/a\.csv"):
        storage.open("friday", "a.csv")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(storage: Storage, name: str) -> None:
    for attempt in (storage.open, storage.delete, lambda folder, name: storage.put(folder, name, b"")):
        with pytest.raises(PermissionDenied):
            attempt("monday", name)


@pytest.mark.parametrize("folder", ["..", ".", "a/b", "/tmp"])
def test_a_folder_that_leads_elsewhere_is_refused(storage: Storage, folder: str) -> None:
    with pytest.raises(PermissionDenied):
        storage.put(folder, "a", b"")


def test_a_writable_place_says_so_and_keeps_no_trace(storage: Storage) -> None:
    storage.check_writable()

    assert storage.entries("") == []
    free = storage.free_bytes()
    assert free is None or free > 0


def test_it_says_where_a_file_lies_and_has_no_weakness_here(storage: Storage) -> None:
    storage.put("monday", "a", b"")

    written = storage.aside if storage.refusal() else storage.describe()
    assert storage.names("monday") == {"a"}
    assert storage.names("friday") == set()
    assert storage.place("monday", "a") == written != ""
    assert storage.place("monday", "not there") == storage.describe()
    assert [words for words in storage.weaknesses() if "cannot flush folders" not in words or folders.HELD] == []


def test_modes_are_private(local: LocalStorage) -> None:
    local.put("monday", "a", b"")

    assert stat.S_IMODE((local.root / "monday").stat().st_mode) == 0o700
    assert stat.S_IMODE((local.root / "monday" / "a").stat().st_mode) == 0o600


def test_only_regular_files_of_the_folder_itself_are_listed_and_opened(local: LocalStorage, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("outside")
    local.put("monday", "plain", b"inside")
    (local.root / "monday" / "link").symlink_to(secret)
    os.mkfifo(local.root / "monday" / "fifo")
    (local.root / "monday" / "folder").mkdir()

    assert [entry.name for entry in local.entries("monday")] == ["plain"]
    for name in ("link", "fifo", "folder"):
        with pytest.raises(PermissionDenied):
            local.open("monday", name)
    local.delete("monday", "link")
    assert secret.read_text() == "outside"


def test_a_day_that_is_a_link_or_a_file_is_refused(local: LocalStorage, tmp_path: Path) -> None:
    local.check_writable()
    (local.root / "monday").symlink_to(tmp_path)
    (local.root / "friday").write_text("")

    for day in ("monday", "friday"):
        with pytest.raises(PermissionDenied):
            local.entries(day)
        with pytest.raises(PermissionDenied):
            local.put(day, "a", b"")
    assert list(tmp_path.glob("a")) == []


def test_without_hard_links_nothing_is_overwritten_either(local: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    local.draft("monday", "x").publish("final")
    late = local.draft("monday", "y")

    with pytest.raises(FileExistsError):
        late.publish("final")
    late.discard()
    assert [entry.name for entry in local.entries("monday")] == ["final"]


@pytest.fixture
def tiny_files() -> Iterator[None]:
    # Writing beyond this limit fails as on a full disk, and needs none.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("tiny_files")
def test_a_file_that_does_not_fit_is_no_space_and_leaves_nothing(local: LocalStorage) -> None:
    with pytest.raises(NoSpace, match="Not enough disk space"):
        local.put("monday", "big", b"x" * 5000)

    assert local.entries("monday") == []


def test_an_address_opens_its_kind(tmp_path: Path) -> None:
    assert isinstance(open_storage(tmp_path), LocalStorage)
    assert open_storage(f"file://{tmp_path}").describe() == str(tmp_path)
    assert isinstance(open_storage("memory://"), MemoryStorage)
    assert isinstance(open_storage(tmp_path, tmp_path / "work"), OverlayStorage)
    with pytest.raises(BadInput, match="ftp"):
        open_storage("ftp://x")
