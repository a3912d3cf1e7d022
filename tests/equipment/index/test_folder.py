"""Which generation counts, who makes the next, and when the last reader has gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from equipment.index import folder as folder_
from equipment.index.folder import Folder, discard, is_fit


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    assert is_fit(tmp_path / "index")
    return Folder(tmp_path / "index", "Equipment_DB", "ab12")


def published(folder: Folder) -> str:
    with folder.making() as made:
        assert made is not None
        (made / "file").write_bytes(b"x")
        return folder.publish(made)


def test_the_next_one_takes_the_place_of_the_last(folder: Folder) -> None:
    assert folder.current() is None

    first, second = published(folder), published(folder)

    assert int(second[4:]) > int(first[4:])
    assert folder.current() == second
    assert sorted(path.name for path in folder.path.iterdir()) == ["current", second, "lock"]


def test_nobody_else_on_the_machine_may_look_into_it(folder: Folder) -> None:
    os.close(folder.hold(published(folder)))

    for path in (folder.path.parent, *folder.path.parent.rglob("*")):
        if path.name != "file":
            assert path.stat().st_mode & 0o077 == 0, path


def test_one_makes_and_the_other_does_not(folder: Folder) -> None:
    with folder.making() as made, Folder(folder.path.parent, "Equipment_DB", "ab12").making() as also:
        assert made is not None
        assert also is None
    with folder.making() as again:
        assert again is not None


def test_what_somebody_left_who_died_is_taken_away(folder: Folder) -> None:
    published(folder)
    (folder.path / "gen-2.making").mkdir()
    (folder.path / "gen-2.making" / "half").write_bytes(b"x")

    published(folder)

    assert not list(folder.path.glob("*.making"))


def test_what_was_not_published_does_not_count_and_is_taken_away(folder: Folder) -> None:
    with pytest.raises(ZeroDivisionError), folder.making() as made:
        assert made is not None
        raise ZeroDivisionError

    assert folder.current() is None
    assert not list(folder.path.glob("gen-*"))


def test_readers_of_the_one_before_are_waited_for(folder: Folder) -> None:
    first = published(folder)
    held = folder.hold(first)
    now = folder.hold(published(folder))

    assert not folder.wait_for_readers(0)
    os.close(held)
    assert folder.wait_for_readers(0)
    assert not (folder.path / f"{first}.readers").exists()
    os.close(now)


def test_files_that_could_not_be_taken_away_are_not_called_gone(folder: Folder) -> None:
    published(folder)
    (folder.path / "gen-7").mkdir()

    assert not folder.wait_for_readers(0)


@pytest.mark.parametrize("said", ["", "gen-9", "../x", "gen-1/../../x", "\xff"])
def test_current_may_say_anything(folder: Folder, said: str) -> None:
    published(folder)
    (folder.path / "current").write_bytes(said.encode("latin-1"))

    assert folder.current() is None


def test_withdrawn_nothing_is_left_to_go_on_from(folder: Folder) -> None:
    first = published(folder)
    folder.withdraw()

    assert folder.current() is None
    assert not (folder.path / first).exists()
    assert published(folder) >= first


def test_indexes_of_lists_that_were_replaced_go(folder: Folder) -> None:
    root = folder.path.parent
    for database, collection in (("Equipment_DB", "old"), ("Equipment_DB2", "x"), ("*", "y")):
        published(Folder(root, database, collection))
    published(folder)

    assert sorted(path.name for path in root.iterdir()) == ["%2A.y", "Equipment_DB.ab12", "Equipment_DB2.x"]
    discard(root, "*")
    assert sorted(path.name for path in root.iterdir()) == ["Equipment_DB.ab12", "Equipment_DB2.x"]


def test_a_place_that_cannot_be_written_or_is_shared_is_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert not is_fit(tmp_path / "file" / "index")
    assert not is_fit(Path("/proc/index"))
    monkeypatch.setattr(folder_, "mount_of", lambda _path: type("Nfs", (), {"may_be_shared": True}))
    assert not is_fit(tmp_path / "index")
