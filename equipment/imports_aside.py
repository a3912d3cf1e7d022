"""A large import in a process of its own, of lower priority, so that visitors' pages do not wait for it.

Planning and writing 100,000 rows hold Python's lock for some twenty seconds, and each page waited for it at every
answer of the database. Rows and plans go through the pipes in pieces, and so do progress, what the log is to hear, and
how it ended. The process stops between two batches when it is asked to, and when the process that started it is gone.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from pydantic import SecretStr
from pymongo import MongoClient

from backup_engine.errors import BackupError, Cancelled
from backup_engine.machine import children
from backup_engine.model import Watch
from backup_engine.records.spool import Spool
from equipment.domain.values.dates import Order
from equipment.exchange import importing
from equipment.exchange.importing import Imported, Mapped
from equipment.exchange.plan import Plan
from equipment.exchange.rows import Rows
from equipment.server import database
from equipment.settings import Settings, use
from equipment.store.access import Db, Who
from equipment.store.list import listing

__all__ = ["LARGE", "plan", "run"]

LARGE: Final = 1_000
"""Rows from which on it pays: the process takes 0.7 s to start, and a thousand rows are 0.1 s of the page's."""
NICE: Final = 10
RARELY: Final = (200_000, 20, 100)
"""Of Python's garbage collection; usually 700, 10, 10."""
AT_ONCE: Final = 1_000
PROGRAM: Final = "from equipment import imports_aside; imports_aside.serve()"
NEEDED: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "KRB5_CONFIG", "KRB5CCNAME", "RUNTIME_DIRECTORY")
"""Of the environment, to reach the same database; its connection string comes with the request."""


def plan(
    settings: Settings, db: Db, rows: Mapped, identity: Sequence[str], *, clear_empty: bool, watch: Watch
) -> Plan:
    """Do ``importing.plan`` beside this process. Raises what that raises, and ``BackupError`` when the process ends."""
    if not _pays(db, len(rows)):
        return importing.plan(db, rows, identity, clear_empty=clear_empty, watch=watch)
    importing.require_memory(rows)
    names = tuple(rows[0])
    pieces = ([tuple(row.values()) for row in rows[start : start + AT_ONCE]] for start in range(0, len(rows), AT_ONCE))
    request = {"what": "plan", "settings": _told(settings), "names": names, "identity": tuple(identity),
               "clear_empty": clear_empty}
    made: Plan = _call(request, pieces, watch)
    return made


def run(
    settings: Settings, db: Db, who: Who, planned: Plan, *, skip_taken: bool = False,
    date_orders: Mapping[str, Order] | None = None, note: str = "", watch: Watch
) -> Imported:
    """Do ``importing.run`` beside this process. Raises what that raises, and ``BackupError`` when the process ends."""
    options = {"skip_taken": skip_taken, "date_orders": dict(date_orders or {}), "note": note}
    if not _pays(db, len(planned)):
        return importing.run(db, who, planned, watch=watch, **options)  # type: ignore[arg-type]
    request = {"what": "run", "settings": _told(settings), "who": who, "about": _about(planned), "options": options}
    try:
        done: Imported = _call(request, planned.rows.contents(), watch)
    finally:
        listing.wrote(db)  # this process has not seen what was written
    return done


def _pays(db: Db, rows: int) -> bool:
    return rows > LARGE and isinstance(db.client, MongoClient)  # the demonstration's list is in this process


def _told(settings: Settings) -> Settings:
    """Leave out every secret but the way to the database."""
    secrets = {name: None for name in Settings.model_fields
               if name != "mongodb_uri" and isinstance(getattr(settings, name), SecretStr)}
    return settings.model_copy(update=secrets)


def _call(request: dict[str, Any], pieces: Iterator[Any], watch: Watch) -> Any:
    watch.step("Starting")
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=children.ABOVE_THE_PACKAGES, env=children.of_python(*NEEDED),
                               start_new_session=True)  # Ctrl-C in a terminal is this process's to hear
    assert process.stdin is not None and process.stdout is not None
    try:
        try:
            _send(process.stdin, request)
            for piece in pieces:
                _send(process.stdin, piece)
            _send(process.stdin, None)
        except BrokenPipeError:  # it says why, or its end does
            pass
        return _heard(process.stdin, process.stdout, watch)
    except (EOFError, pickle.UnpicklingError):
        code = process.wait()
        raise BackupError(f"the import's own process ended before its work was done (code {code})",
                          hint="What was written until then stands in Activity and can be undone there. Plan the "
                               "import again: rows that are in the list change nothing.") from None
    finally:
        _close(process)


def _heard(commands: IO[bytes], answers: IO[bytes], watch: Watch) -> Any:
    asked = False
    while True:
        kind, told = pickle.load(answers)
        if kind == "progress":
            try:
                watch.step(told.phase, told.done, told.total)
            except Cancelled:
                if not asked:
                    asked = True
                    commands.close()
        elif kind == "log":
            logging.getLogger(told["name"]).handle(logging.makeLogRecord(told))
        elif kind == "plan":
            return _plan_of(told, iter(lambda: pickle.load(answers), None))
        elif kind == "done":
            return told
        else:
            raise told


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let it stop between two batches; a transaction that is cut off is taken back by the server."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    process.wait()


def _send(pipe: IO[bytes], told: Any) -> None:
    pickle.dump(told, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _about(planned: Plan) -> dict[str, Any]:
    about = {name: value for name, value in vars(planned).items() if name != "rows"}
    return {**about, "starts": planned.rows.starts}


def _plan_of(about: dict[str, Any], pieces: Iterator[bytes]) -> Plan:
    return Plan(Spool.of(pieces, about.pop("starts")), **about)


def serve() -> None:
    """Be the process: the request and its pieces come by standard input, which ends when nobody waits any more."""
    if hasattr(os, "nice"):  # Windows has no such thing
        os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints, prints to the log
    # What stays is looked through again and again: 5 % of the time. Little is given up that only a collection finds.
    gc.freeze()
    gc.set_threshold(*RARELY)
    commands = sys.stdin.buffer
    request = pickle.load(commands)
    telling = threading.Lock()

    def tell(kind: str, told: Any, pieces: Iterator[bytes] | None = None) -> None:
        with telling:
            _send(answers, (kind, told))
            for piece in pieces or ():
                _send(answers, piece)
            if pieces is not None:
                _send(answers, None)

    _Forward(tell).begin()
    try:
        pieces = iter(lambda: pickle.load(commands), None)
        given = _given(request, pieces)
        stop = threading.Event()
        threading.Thread(target=_listen, args=(commands, stop), daemon=True).start()
        watch = Watch(lambda progress: tell("progress", progress), stop.is_set)
        with use(request["settings"]):  # what is said in the environment is not said to this process
            (_plan if request["what"] == "plan" else _run)(request, given, watch, tell)
    except BackupError as error:
        tell("error", error)
    finally:
        database.close()


def _given(request: dict[str, Any], pieces: Iterator[Any]) -> Any:
    if request["what"] == "run":
        return _plan_of(request["about"], pieces)
    rows = Rows(request["names"])
    for piece in pieces:
        rows.extend(piece)
    return rows


def _plan(request: dict[str, Any], rows: Rows, watch: Watch, tell: Any) -> None:
    made = importing.plan(database.connect(request["settings"]), rows, request["identity"],
                          clear_empty=request["clear_empty"], watch=watch)
    tell("plan", _about(made), made.rows.contents())


def _run(request: dict[str, Any], planned: Plan, watch: Watch, tell: Any) -> None:
    tell("done", importing.run(database.connect(request["settings"]), request["who"], planned, watch=watch,
                               **request["options"]))


def _listen(commands: IO[bytes], stop: threading.Event) -> None:
    commands.read()  # until the other side closes it, or is gone
    stop.set()


class _Forward(logging.Handler):
    """Sends what the log is to hear to the process that has one."""

    def __init__(self, tell: Any) -> None:
        super().__init__()
        self._tell = tell

    def begin(self) -> None:
        """Take everything that is logged here."""
        root = logging.getLogger()
        root.addHandler(self)
        root.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record with its words made."""
        parts = {name: value for name, value in vars(record).items() if name not in ("args", "exc_info", "msg")}
        words = record.getMessage() + (f": {record.exc_info[1]!r}" if record.exc_info else "")
        self._tell("log", {**parts, "msg": words, "args": None, "exc_info": None})
