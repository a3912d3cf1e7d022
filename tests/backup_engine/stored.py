"""Real sets on a real disk without a database, and ways to damage them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pyrage
from bson import ObjectId

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import DatabaseUnreachable
from backup_engine.locking.locks import hold
from backup_engine.making.write_set import write_documents
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, workspace

STAMP = 0x65000000


def no_database() -> Any:
    """The database is down."""
    raise DatabaseUnreachable("example.invalid")


def age_seal(compression: Any = "none") -> Seal:
    """A seal with a fresh key of its own; much faster than a passphrase."""
    identity = pyrage.x25519.Identity.generate()
    return Seal(compression, recipients=(str(identity.to_public()),), identities=(str(identity),))


def folder(path: Path, *, seal: Seal | None = None, keep_days: int = 7) -> tuple[Workspace, StillClock]:
    """A workspace over a folder, with a clock to turn and no database."""
    clock = StillClock()
    ws = workspace(path, no_database, clock=clock, seal=seal or Seal())
    return replace(ws, keep_days=keep_days), clock


def records(number: int, *, start: int = 0) -> list[dict[str, Any]]:
    """Small records of many types, the same every time."""
    return [
        {"_id": ObjectId(f"{STAMP:08x}{n:016x}"), "ID": n, "Serial": f"{n:06d}", "Price": n / 4, "check": n % 2 == 0,
         "Comments": f'note, "{n}"', "when": datetime(2024, 1, 1) + timedelta(hours=n)}
        for n in range(start, start + number)
    ]


def store(
    ws: Workspace, equipment: Iterable[dict[str, Any]] | int = 30, options: Iterable[dict[str, Any]] | int = 4,
    *, trigger: Any = "scheduled", pinned: bool = False,
) -> BackupSet:
    """Make a full set of documents, or of that many records."""
    given = {"equipment": equipment, "select_options": options}
    lists = {key: records(wanted) if isinstance(wanted, int) else wanted for key, wanted in given.items()}
    batches = {key: [b"".join(map(bson.encode, documents))] for key, documents in lists.items()}
    with hold(ws, "import") as held:
        return write_documents(ws, held, batches, trigger=trigger, pinned=pinned)


def file_of(ws: Workspace, backup: BackupSet, key: str = "equipment") -> Path:
    """Path of a set's file, or of its metadata for the key ``metadata``."""
    name = backup.metadata_file if key == "metadata" else backup.parts[key].file
    return Path(ws.storage.describe()) / backup.day / str(name)


def flip(path: Path, position: int, bit: int = 0) -> None:
    """Flip one bit."""
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def snapshot(place: Path) -> dict[str, bytes]:
    """Everything that lies under a folder, lock and caches aside."""
    return {
        str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*"))
        if path.is_file() and not path.is_symlink()
        and path.name not in (".lock", "verified.json") and not path.name.startswith("seq_")
    }
