"""Writes that came too late for the safety backup, kept in a differential set over it.

While the live collection still exists, records that were touched are read again at the instant of a fence: that is
exact. What comes between the last such reading and the swap is replayed from the change events: inserts, replacements
and deletes as they are, updates on the record as the safety sets know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bson import Timestamp
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from backup_engine.csv_format import reader
from backup_engine.locking.locks import Hold
from backup_engine.making.differential import Changes
from backup_engine.making.write_set import write_changes
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.mongo.capabilities import named
from backup_engine.mongo.snapshot import SnapshotChanged
from backup_engine.records import raw
from backup_engine.replacing.capture import Capture, Event
from backup_engine.replacing.deltas import apply_update
from backup_engine.repository import contents
from backup_engine.workspace import Workspace

__all__ = ["Late"]

PASSES = 3
"""Readings before the swap; with someone writing all the time there would be no end."""
IDS = 1_000
_NO_SUCH_INSTANT = (246, 239)
"""SnapshotUnavailable, SnapshotTooOld."""
Doc = dict[str, Any]
State = dict[bytes, bytes | None]
"""Element of ``_id`` → the record, None when it was deleted."""


class Late:
    """What the full safety set lacks. ``safety`` is the set to undo with: that one or a differential over it."""

    def __init__(
        self, ws: Workspace, held: Hold, capture: Capture, names: Mapping[str, str], safety: BackupSet,
        as_of: Timestamp | None = None,
    ) -> None:
        self._ws, self._held, self._capture, self._names = ws, held, capture, names
        self._full = ws.catalog.base_of(safety)
        self.safety = safety
        self.as_of = as_of
        """The instant of which ``safety`` is the state."""
        self._superseded: list[BackupSet] = []
        self._unwritten = False
        self._state: dict[str, State] = _read_state(ws, safety) if safety.kind == "differential" else {}

    @property
    def records(self) -> int:
        """How many records the differential set holds or marks as deleted."""
        return sum(len(state) for state in self._state.values())

    def swapped_at(self, key: str) -> Timestamp | None:
        """Cluster time at which a collection was put in place; None before that."""
        return self._capture.swapped_at(key)

    def settle(self, watch: Watch = SILENT) -> None:
        """R6: read again what was touched, until nothing more was (or three times)."""
        events: list[Event] = []
        for number in range(1, PASSES + 1):
            watch.step("Saving changes made meanwhile", number, PASSES)
            instant = self._capture.fence()
            # a collection that is in place already shows the new list, so it cannot be read again
            events += self._replay_swapped(self._new(self._capture.take(instant)), watch)
            try:
                for key, touched in _by_key(events).items():
                    self._read_again(key, [event.identity for event in touched], instant)
            except SnapshotChanged:  # somebody made an index that very moment
                if number == PASSES:
                    raise
                continue
            self.as_of = instant
            if not events and not self._unwritten:
                return
            self._write(watch)
            events.clear()

    def finish(self, keys: Sequence[str], watch: Watch = SILENT) -> int:
        """R8: replay what came between the last reading and the swap. Gives the number of records concerned."""
        self._capture.await_swaps(keys)
        # the stream keeps the order: when the rename has come by, so has every write to the old collection
        self._replay_swapped(self._new(self._capture.take()), watch)
        if self._unwritten:
            self._write(watch)
        return self.records

    def _new(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if self.as_of is None or event.time > self.as_of]

    def _replay_swapped(self, events: Sequence[Event], watch: Watch) -> list[Event]:
        """Replay what concerns collections that are gone; gives the rest, which can be read again."""
        gone = self._capture.swapped
        for key, missed in _by_key(event for event in events if event.key in gone).items():
            self._replay(key, missed, watch)
            self._unwritten = True
        return [event for event in events if event.key not in gone]

    def _read_again(self, key: str, identities: Sequence[bytes], instant: Timestamp) -> None:
        state = self._state.setdefault(key, {})
        wanted = list(dict.fromkeys(identities))
        # deleted, unless the reading gives it
        state.update(dict.fromkeys(wanted))
        database, name = self._held.need_database(), self._names[key]
        for portion in _portions(wanted):
            state.update({raw.id_of(document): document for document in _read_at(database, name, portion, instant)})

    def _replay(self, key: str, events: Sequence[Event], watch: Watch) -> None:
        state = self._state.setdefault(key, {})
        whole = {event.identity for event in events if event.kind == "insert"}
        unknown = {event.identity for event in events if event.kind == "update"} - whole - state.keys()
        if unknown:
            state.update(self._from_safety(key, unknown, watch))
        for event in events:
            if event.kind == "update":
                before = state.get(event.identity)
                if before is not None and event.update is not None:
                    state[event.identity] = apply_update(before, event.update)
            else:
                state[event.identity] = event.document

    def _from_safety(self, key: str, identities: set[bytes], watch: Watch) -> State:
        saved: State = {}
        # the full set: what the differential over it holds is in the state already
        for batch in contents.documents(self._ws, self._full, key, watch=watch):
            for document in raw.documents_of(batch):
                if (identity := raw.id_of(document)) in identities:
                    saved[identity] = document
        return saved

    def _write(self, watch: Watch) -> None:
        """Write a differential set that holds all of it, what the one before holds included."""
        if self.safety.kind == "differential":
            self._superseded.append(self.safety)
        changes = {key: _changes(state) for key, state in self._state.items()}
        self.safety = write_changes(self._ws, self._held, self._full, changes, trigger="pre_restore", watch=watch)
        self._unwritten = False

    def remove_superseded(self) -> None:
        """Remove the differential sets that a later one contains. Called once the journal names the later one."""
        while self._superseded:
            self._ws.catalog.remove(self._superseded.pop())


def _by_key(events: Iterable[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.key, []).append(event)
    return grouped


def _changes(state: State) -> Changes:
    gone = [raw.build([(b"_id", identity)]) for identity, document in state.items() if document is None]
    there = [document for document in state.values() if document is not None]
    return Changes([b"".join(portion) for portion in _portions(there)], gone)


def _portions(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(items), IDS):
        yield items[start : start + IDS]


def _read_state(ws: Workspace, safety: BackupSet) -> dict[str, State]:
    """Read back what a differential set holds, to go on from there after a crash."""
    states: dict[str, State] = {}
    for key, part in safety.parts.items():
        with ws.catalog.open_part(safety, key) as source:
            for batch, deleted in reader.read_changes(source, part, seal=ws.seal, workers=ws.workers):
                state = states.setdefault(key, {})
                state.update({raw.id_of(tombstone): None for tombstone in deleted})
                state.update({raw.id_of(document): document for document in raw.documents_of(batch)})
    return {key: state for key, state in states.items() if state}


def _read_at(database: Database[Doc], name: str, identities: Sequence[bytes], instant: Timestamp) -> Iterator[bytes]:
    """Read records as they were at an instant of the recent past."""
    query: Any = raw.filter_by_ids(identities)
    # as a command: the find() of the driver cannot name an instant
    command = {"find": name, "filter": query, "readConcern": {"level": "snapshot", "atClusterTime": instant}}
    try:
        cursor: Any = database.with_options(codec_options=raw.RAW).cursor_command(command, codec_options=raw.RAW)
        for document in cursor:
            yield document.raw
    except OperationFailure as problem:
        if problem.code in _NO_SUCH_INSTANT:
            raise SnapshotChanged(str(problem)) from problem
        raise named(problem, database) from problem
    except PyMongoError as problem:
        raise named(problem, database) from problem
