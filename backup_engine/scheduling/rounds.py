"""When what is done at times was last done: a note in the state folder, so that a restart does it no second time.

Losing it costs only that: what would be due is done once more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backup_engine.errors import BackupError
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage

__all__ = ["done", "last"]

log = logging.getLogger(__name__)
_writing = threading.Lock()  # each remote has a thread of its own


def last(storage: Storage, what: str) -> datetime | None:
    """Give the moment (UTC) at which it was last done; None for never."""
    return _note.read_anyway(storage).get(what)


def done(storage: Storage, what: str, when: datetime) -> None:
    """Note that it was done. A folder that cannot be written is no reason to fail."""
    try:
        with _writing:
            _note.write(storage, {**_note.read_anyway(storage), what: when})
    except BackupError as problem:
        log.warning("that %s was done is not noted: %s", what, problem)


def _rounds(entries: Mapping[str, Any]) -> dict[str, datetime]:
    return {str(name): datetime.fromisoformat(when).astimezone(UTC) for name, when in entries.items()}


_note: Note[dict[str, datetime]] = Note("rounds.json", _rounds, dict)
