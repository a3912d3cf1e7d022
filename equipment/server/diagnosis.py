"""What ``test_backup_system.py`` looks at, one check each, in words for whoever keeps the installation."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from pymongo.database import Database

from backup_engine.api import BackupError, BadInput, DatabaseBackupRestore, Watch, status, verify
from backup_engine.errors import Cancelled, DatabaseUnreachable
from backup_engine.machine import openness
from backup_engine.mongo import pinned

DATABASE_SECONDS = 4.5
"""How long an embedded server may take to start here; one at another address is waited for by ``database.connect``."""
VERIFY_SECONDS = 1.5
"""How long the newest backup is looked at where the database is lost: hashing reads 300 MB a second."""
NEEDED_MB = 200
STALE_HOURS = 26
PROBE_RECORDS = 50


@dataclass(frozen=True)
class Installation:
    """Where one installation keeps its things."""

    label: str
    connect: Callable[[], Database[dict[str, Any]]]
    backup_folder: Path
    engine: DatabaseBackupRestore
    doubt: str = ""
    """What speaks against the place of an embedded MongoDB's files."""
    data_folder: Path | None = None
    hasty: bool = False
    """Whether nothing may take long any more."""

    def without(self, error: DatabaseUnreachable) -> Installation:
        """Give the same with a database that is known not to be reached."""

        def refuse() -> NoReturn:
            raise error

        engine = copy(self.engine)
        engine.workspace = replace(self.engine.workspace, connect=refuse)
        return replace(self, connect=refuse, engine=engine, hasty=True)


Check = Callable[[Installation], str]
"""Gives what is well in one sentence, or raises ``BackupError`` with what is wrong and what to do."""


def database_answers(where: Installation) -> str:
    """Reach MongoDB."""
    version = where.connect().client.server_info()["version"]
    note = f" Note: {where.doubt}" if where.doubt else ""
    return f"{where.label} answers: MongoDB {version}.{note}"


def collections_are_there(where: Installation) -> str:
    """Count the two collections."""
    database = where.connect()
    counts = [f"{source.collection}: {database[source.collection].estimated_document_count():,}"
              for source in where.engine.workspace.sources]
    return f"Records — {', '.join(counts)}."


def folder_is_usable(where: Installation) -> str:
    """Write to the backup folder, and try what not every mount can do."""
    storage = where.engine.workspace.storage
    storage.check_writable()
    weaknesses = "".join(f" Note: {weakness}." for weakness in storage.weaknesses())
    return f"The backup folder {where.backup_folder} can be written.{weaknesses}"


def folder_is_private(where: Installation) -> str:
    """See that nobody else may read the backups, or what lies in the data folder."""
    if found := openness.look(where.backup_folder):
        raise BadInput(f"Other users of this machine may read {found}.", hint=found.hint)
    if where.data_folder and (found := openness.look(where.data_folder)):
        raise BadInput(f"Other users of this machine may read {found} in the data folder {where.data_folder}.",
                       hint=found.hint)
    return "Only this user can read the backups."


def space_is_left(where: Installation) -> str:
    """Look at the free space."""
    free = where.engine.workspace.storage.free_bytes()
    if free is not None and free < NEEDED_MB * 1_000_000:
        raise BadInput(f"Only {free / 1e6:,.0f} MB are free for backups.", hint=f"Free at least {NEEDED_MB} MB.")
    return "Free space: " + ("not told by this mount." if free is None else f"{free / 1e9:,.1f} GB.")


def data_folder_has_room(where: Installation) -> str:
    """Look at the disk under the embedded MongoDB."""
    room = where.engine.workspace.look_at_room()
    if room is None:
        return "The database keeps its files elsewhere."
    if room.short:
        raise room.refusal()
    return f"{room.free / 1e9:,.1f} GB are free for the data folder; read-only below {room.least / 1e6:,.0f} MB."


def newest_backup_is_sound(where: Installation) -> str:
    """Verify the newest backup and look at its age."""
    state = status(where.engine.workspace)
    if state.last is None or state.age is None:
        return "No backup has been made yet: press Create Backup Now, or run the backup command."
    until = time.monotonic() + (VERIFY_SECONDS if where.hasty else float("inf"))
    try:
        watch = Watch(lambda _: None, lambda: time.monotonic() > until)
        verification = verify(where.engine.workspace, state.last, 1, watch=watch)
    except Cancelled as slow:
        raise BadInput("The newest backup is large and was not looked at to its end.",
                       hint="Verify it with the verify command.") from slow
    if not verification.ok:
        raise BadInput(verification.message, hint="Make a new backup, then look at this one with the repair command.")
    hours = state.age.total_seconds() / 3600
    if hours > STALE_HOURS:
        raise BadInput(f"The newest backup is {hours:,.0f} hours old.", hint="Switch automatic backups on.")
    return f"The newest of {state.total} backups is {hours:,.1f} hours old and sound."


def round_trip_works(where: Installation) -> str:
    """Back up, damage and restore a scratch database; the installation's own data is not touched."""
    room = where.engine.workspace.look_at_room()
    if room is not None and room.short:
        raise room.refusal()
    client = where.connect().client
    name = f"diagnosis_{secrets.token_hex(6)}"
    scratch = pinned.database(client, name)
    try:
        with tempfile.TemporaryDirectory(prefix="diagnosis-") as folder:
            probe = DatabaseBackupRestore(connect=lambda: scratch, backup_folder=folder)
            _round_trip(probe, scratch)
    finally:
        client.drop_database(name)
    return f"A backup of {PROBE_RECORDS} scratch records was made, damaged, restored and found identical."


def _round_trip(probe: DatabaseBackupRestore, database: Database[dict[str, Any]]) -> None:
    records: list[dict[str, Any]] = [
        {"_id": number, "Serial": f"{number:05}", "Last Cal Date": "6.8.2013"} for number in range(PROBE_RECORDS)
    ]
    database["Equipment"].insert_many(records)
    made, _, message = probe.create_backup(force=True)
    if not made:
        raise BadInput(f"The trial backup failed. {message}")
    database["Equipment"].delete_many({"_id": {"$lt": 10}})
    newest = next(day[0] for day in probe.get_available_backups().values() if day)
    restored, message = probe.restore_from_backup(newest, "equipment", "replace")
    if not restored:
        raise BadInput(f"The trial restore failed. {message}")
    if list(database["Equipment"].find().sort("_id", 1)) != records:
        raise BadInput("The trial restore gave back other records than were saved.")


CHECKS: dict[str, Check] = {
    "Database": database_answers,
    "Collections": collections_are_there,
    "Folder": folder_is_usable,
    "Permissions": folder_is_private,
    "Free space": space_is_left,
    "Data folder": data_folder_has_room,
    "Newest backup": newest_backup_is_sound,
    "Round trip": round_trip_works,
}


NEEDS_DATABASE = frozenset({"Collections", "Round trip"})


def run(where: Installation, tell: Callable[[str], None]) -> bool:
    """Run every check, tell each result in a line, and say whether all are well.

    Where the database cannot be reached that is found out once, and what needs it is left out: it is over within
    10 seconds, for ``database_answers`` waits no longer than ``DATABASE_SECONDS``.
    """
    sound, lost = True, False
    for name, check in CHECKS.items():
        if lost and name in NEEDS_DATABASE:
            tell(f"  --    {name}: not looked at, for want of the database.")
            continue
        try:
            tell(f"  ok    {name}: {check(where)}")
        except BackupError as error:
            sound = False
            tell(f"  FAIL  {name}: {error}")
            if isinstance(error, DatabaseUnreachable) and not lost:
                lost, where = True, where.without(error)
    return sound
