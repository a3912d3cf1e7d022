"""Promises that are broken on purpose: each judge must say so, or its "ok" means nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pymongo
from pymongo.read_preferences import Secondary
from pymongo.write_concern import WriteConcern

from backup_engine import failpoints
from backup_engine.api import DatabaseBackupRestore
from backup_engine.locking import lease
from backup_engine.merging import writing
from backup_engine.mongo import guarded_ways, snapshot
from tests.mongod import Mongod
from tests.nightmares import elections, exact_verbs, member_clock
from tests.nightmares.backups_in_elections import Backing
from tests.nightmares.elections import Case, Stage, careless_loading, no_look_at_the_end
from tests.replica_set import ReplicaSet

FALSE = "false success"
Play = Callable[[ReplicaSet, Path], tuple[str, str]]


@dataclass(frozen=True)
class Control:
    """What is played; ``case.fault`` says what is broken, ``bites`` what the judge has to find."""

    case: Case
    bites: str
    broken: Play
    own_set: bool = False

    def play(self, members: ReplicaSet, folder: Path) -> tuple[str, str]:
        """Give the answer, and whether the judge caught it."""
        answer, verdict = self.broken(members, folder)
        return answer, f"{'caught' if self.bites in verdict else 'missed'}: {verdict}"


def controls(library: Path | None) -> list[Control]:
    """One for every kind of row and verb that could lie; that of the clock needs the library."""
    chosen = [
        _election("replace", "R4", [careless_loading, no_look_at_the_end], "loaded with w:1 and proven by local reads"),
        _election("undo", "R4", [careless_loading, no_look_at_the_end], "loaded with w:1 and proven by local reads"),
        _election("merge", "M3", [_careless_merging], "written with w:1 and not looked at again", _Merging),
        _election("drill", "D2", [_careless_writer], "the writer counts what the primary alone has",
                  bites="acknowledged writes lost"),
        _election("full backup", "W9", [_no_snapshot], "read without a common instant", Backing),
        Control(Case("reads from a secondary", "backup", "", "one"), FALSE, _stale),
    ]
    if library is not None:
        chosen.append(Control(Case("a lease dated ahead counts", "replace", "", "none"), "not answered with 0",
                              _dated_ahead(library), True))
    return chosen


def _election(
    verb: str, step: str, broken: list[Callable[[], AbstractContextManager[None]]], words: str,
    kind: type[Stage] = Stage, bites: str = FALSE,
) -> Control:
    lag = "none" if kind is Backing else "all"

    def play(members: ReplicaSet, folder: Path) -> tuple[str, str]:
        with ExitStack() as all_broken:
            for way in broken:
                all_broken.enter_context(way())
            result = elections.run(members, Case("kill", verb, step, lag), folder, kind)
        return result["answer"], result["verdict"]

    return Control(Case(words, verb, step, lag), bites, play)


class _Merging(Stage):
    def _lag_begins(self) -> AbstractContextManager[object]:
        return patch.dict(failpoints.hooks, {"M2": self._begin_lag})


@contextmanager
def _careless_merging() -> Iterator[None]:
    with (patch.object(guarded_ways, "_DURABLE", WriteConcern(1)), patch.object(lease.Lease, "check", lambda _: None),
          patch.object(writing, "_require_lasting", lambda *_: None)):
        yield


@contextmanager
def _careless_writer() -> Iterator[None]:
    with patch.object(elections, "ACKNOWLEDGED", WriteConcern(1)):
        yield


@contextmanager
def _no_snapshot() -> Iterator[None]:
    real = snapshot.Snapshot.read

    def slowly(view: snapshot.Snapshot, key: str) -> Iterator[bytes]:
        view._session = None
        yield from real(view, key)
        time.sleep(0.5)  # somebody counts up every few milliseconds

    with patch.object(snapshot.Snapshot, "read", slowly):
        yield


def _stale(members: ReplicaSet, folder: Path) -> tuple[str, str]:
    ground, behind = exact_verbs.Ground(members, folder), members.secondaries()[0]

    def nearest(servers: Any) -> Any:
        return [server for server in servers if server.address[1] == behind.port] or servers

    with members.lagging(behind), pymongo.MongoClient(members.uri, server_selector=nearest) as client:
        ground.prepare("backup")
        backups = DatabaseBackupRestore(connect=lambda: client[ground.name], backup_folder=str(folder))
        with (patch.object(snapshot, "ReadPreference", SimpleNamespace(PRIMARY=Secondary())),
              patch.object(snapshot.Snapshot, "_session_for", lambda *_: None)):
            answer = exact_verbs.play(ground, "backup", backups)
    ground.client.close()
    return answer


def _dated_ahead(library: Path) -> Play:
    def play(members: ReplicaSet, folder: Path) -> tuple[str, str]:
        ahead = ahead_of(members, library)
        with patch.object(lease, "MARGIN_MILLISECONDS", 10_000_000):
            return member_clock.run(members, ahead, "replace", member_clock.AFTER, folder)

    return play


def ahead_of(members: ReplicaSet, library: Path) -> Mongod:
    """Give the member whose clock is ahead, made so if there is none yet."""
    ahead = next((member for member in members.members if member.environment), None)
    return ahead or member_clock.put_ahead(members, library)
