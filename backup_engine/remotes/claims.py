"""Whose a remote is: one installation writes under an address, and another one is refused until it takes over.

A claim is an object under the next number, created only if it is not there; the highest number counts. The installation
is known by the id of its database.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backup_engine.errors import ForeignTarget, RemoteFailed
from backup_engine.remotes.base import Store, plain
from backup_engine.repository import strict_json
from backup_engine.repository.notes import DAMAGE

__all__ = ["Claim", "last_written", "read", "read_or_none", "require", "take_over"]

FOLDER = "claims"
MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class Claim:
    """Who writes there."""

    number: int
    installation: str
    """The id of its database."""
    database: str
    host: str
    when: str


def read(store: Store) -> Claim | None:
    """Give the claim that counts; None for a place nobody has written to."""
    keys = sorted(entry.key for entry in store.list(FOLDER) if entry.key.endswith(".json"))
    if not keys:
        return None
    number = keys[-1].removeprefix(f"{FOLDER}/").removesuffix(".json")
    try:
        about: Mapping[str, Any] = strict_json.loads(store.read(keys[-1], 0, MAX_BYTES).decode())
        return Claim(int(number), str(about["installation"]), plain(str(about["database"]), 80),
                     plain(str(about["host"]), 80), plain(str(about["when"]), 40))
    except DAMAGE:
        raise ForeignTarget(f"the claim {keys[-1]} in {store.describe()} cannot be read",
                            hint="If this installation is to write there, take it over.") from None


def read_or_none(store: Store) -> Claim | None:
    """Give the claim that counts; None, too, when it cannot be understood."""
    try:
        return read(store)
    except ForeignTarget:
        return None


def require(store: Store, installation: str, database: str, now: datetime) -> Claim:
    """Claim a place that is free. Raises ``ForeignTarget`` for one of another installation, naming it."""
    claim = read(store)
    if claim is None:
        claim = _write(store, 1, installation, database, now)
    if claim.installation != installation:
        last, who = last_written(store), f"“{claim.database}” on {claim.host} ({plain(claim.installation, 8)})"
        raise ForeignTarget(
            f"{who} keeps its backups in {store.describe()}"
            + (f" and last wrote there on {last:%Y-%m-%d %H:%M} UTC" if last else ""),
            hint="Use another prefix; or take it over, if that installation is no more.")
    return claim


def take_over(store: Store, installation: str, database: str, now: datetime) -> Claim:
    """Make the place this installation's; the other one is refused from then on."""
    keys = [entry.key for entry in store.list(FOLDER)]
    numbers = [int(name) for key in keys if (name := key.removeprefix(f"{FOLDER}/").removesuffix(".json")).isdecimal()]
    return _write(store, max(numbers, default=0) + 1, installation, database, now)


def last_written(store: Store) -> datetime | None:
    """When a backup last came there, by the store's clock."""
    return max((entry.modified for entry in store.list("sets")), default=None)


def _write(store: Store, number: int, installation: str, database: str, now: datetime) -> Claim:
    about = {"installation": installation, "database": database, "host": socket.gethostname(), "when": now.isoformat()}
    with suppress(FileExistsError):  # somebody was faster, and may be somebody else
        store.put(f"{FOLDER}/{number:06d}.json", json.dumps(about, ensure_ascii=False).encode(), create=True)
    claim = read(store)
    if claim is None:
        raise RemoteFailed(f"{store.describe()} does not list what was just written there")
    return claim
