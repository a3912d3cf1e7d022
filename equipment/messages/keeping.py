"""Where the state of messages lies: in the database, and in the data folder for when that cannot be reached."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.machine import private
from equipment.messages.state import State, as_data, from_data
from equipment.store import messages as stored

__all__ = ["FILE", "Keeping"]

log = logging.getLogger(__name__)
FILE: Final = "messages.json"
MAX_BYTES: Final = 16 << 20
DAMAGE: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Keeping:
    """Both places, and what this process remembers should neither take it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._state = State()

    def load(self, database: Database[dict[str, Any]] | None) -> State:
        """Give the latest state that is found. A place that is damaged or cannot be read counts as empty."""
        found = [self._state, _understood(self._in_file(), str(self._path))]
        if database is not None:
            try:
                found.append(_understood(stored.kept(database), "the database"))
            except PyMongoError as problem:
                log.warning("what was told is not known from the database: %s", type(problem).__name__)
        self._state = max(found, key=lambda state: state.turn)
        return self._state

    def save(self, database: Database[dict[str, Any]] | None, state: State, turn: int) -> bool:
        """Keep a state that follows that of ``turn``; False when another process was faster: then theirs counts.

        A place that cannot be written is logged and left out: telling somebody matters more.
        """
        data = as_data(state)
        if database is not None:
            try:
                if not stored.keep(database, data, turn):
                    self._state = State()  # what is stored is later than what is remembered here
                    return False
            except PyMongoError as problem:
                log.warning("what was told is not kept in the database: %s", type(problem).__name__)
        self._state = state
        self._write(data)
        return True

    def _in_file(self) -> Any:
        try:
            with self._path.open("rb") as file:
                return json.loads(file.read(MAX_BYTES))
        except FileNotFoundError:
            return {}
        except (OSError, *DAMAGE) as problem:
            log.info("%s counts as missing: %s", self._path, type(problem).__name__)
            return {}

    def _write(self, data: Any) -> None:
        draft = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            private.make_folder(self._path.parent)
            draft.unlink(missing_ok=True)
            with private.open_file(draft, "x", encoding="utf-8") as file:
                json.dump(data, file)
            draft.replace(self._path)
        except OSError as problem:
            log.warning("what was told is not kept in %s: %s", self._path, problem.strerror)


def _understood(data: Any, where: str) -> State:
    try:
        return from_data(data)
    except DAMAGE as problem:
        log.info("what was told counts as not kept in %s: %s", where, type(problem).__name__)
        return State()
