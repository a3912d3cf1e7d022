"""One change of primary during one verb, on a real replica set, with somebody writing all the time: what is true then?

``run`` plays one ``Case`` and gives a dictionary; its ``verdict`` is "ok" or says what was broken. The tests play some;
``matrix`` names all of them, for long runs: ``scripts/faults`` plays them.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from backup_engine import create, drill, failpoints, merge, restore, undo, verify
from backup_engine.errors import BackupError
from backup_engine.locking.locks import hold
from backup_engine.model import BackupSet
from backup_engine.mongo import pinned
from backup_engine.records import raw
from backup_engine.replacing import journal, loading, recovery, staging, steps
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]
State = dict[Any, Any]
NAME = "elections"
RECORDS = 5_000
STEPS = {
    "replace": ("R2", "R3", "R4", "R5", "R6", "R7", "R8"), "undo": ("R4", "R6", "R7"),
    "merge": ("M1", "M2", "M3", "M4"), "drill": ("D1", "D2", "D3"),
}
FAULTS = ("kill", "step_down", "freeze")
LAGS = ("none", "one", "all")
OVERDUE = 1.5
"""Seconds after which the fault comes although its step does not: with every secondary behind, nothing is loaded."""
ACKNOWLEDGED = WriteConcern("majority", j=True, wtimeout=2_000)
"""What the writer waits for before it counts a write."""
FROZEN = 4.0
"""Longer than an election takes, so that a primary of the past wakes up."""


@dataclass(frozen=True)
class Case:
    """What is played."""

    fault: str
    verb: str
    step: str
    lag: str


def matrix() -> list[Case]:
    """Every case there is."""
    return [Case(fault, verb, step, lag)
            for verb, steps in STEPS.items() for step, fault, lag in itertools.product(steps, FAULTS, LAGS)]


def run(members: ReplicaSet, case: Case, folder: Path, kind: type[Stage] | None = None) -> Doc:
    """Heal the set and play a case; gives ``{fault, verb, step, lag, answer, live, verdict}``.

    What is killed stays away while the outcome is judged. ``kind`` is a stage for other verbs than those of ``STEPS``.
    Raises ``TimeoutError`` when the set does not heal.
    """
    heal(members)
    options: Doc = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 1_000, "heartbeatFrequencyMS": 1_000}
    with pinned.open_client(members.uri, **options) as client:
        client.drop_database(NAME)
        database = pinned.database(client, NAME)
        stage = (kind or Stage)(members, case, workspace(folder, database), database)
        stage.prepare()
        code, message = stage.play()
        members.primary()
        verdict = stage.judge(code)
        return {**asdict(case), "answer": f"{code} {message}", "live": stage.live_in_words(), "verdict": verdict}


def heal(members: ReplicaSet) -> None:
    """Make the set whole. A dead member begins anew: rolling back what only it had takes it minutes now and then."""
    for member in members.members:
        if member.process is not None and member.process.poll() is not None:
            shutil.rmtree(member.folder / "data")
    replicate([member for member in members.members if (member.folder / "data").exists()], True)
    members.heal()


@dataclass
class Stage:
    """A verb, a fault, a writer and a judge."""

    members: ReplicaSet
    case: Case
    ws: Workspace
    database: Database[Doc]
    old: State = field(default_factory=dict)
    wished: State = field(default_factory=dict)
    acknowledged: set[Any] = field(default_factory=set)
    played: threading.Event = field(default_factory=threading.Event)
    lagging: list[Mongod] = field(default_factory=list)
    thawing: threading.Timer | None = None

    def prepare(self) -> None:
        """A set on disk, and a list that has changed since."""
        self.database.Equipment.insert_many([{"_id": n, "v": "saved", "text": "x" * 100} for n in range(RECORDS)])
        self.database.Equipment.create_index("v")
        self.backup = create.create(self.ws, force=True).set
        self.wished = self._live()
        self.database.Equipment.update_many({"_id": {"$mod": [3, 0]}}, {"$set": {"v": "spoilt"}})
        self.database.Equipment.delete_many({"_id": {"$gte": RECORDS - 500}})
        self.old = self._live()
        if self.case.verb == "undo":
            restore.replace(self.ws, restore.plan_replace(self.ws, self._backup(), ["equipment"]))
            self.old, self.wished = self.wished, self.old

    def play(self) -> tuple[int, str]:
        """Run the verb while the fault happens; gives exit code and message."""
        with self._lag_begins(), patch.dict(failpoints.hooks, {self.case.step: self._fault}), self._writer():
            try:
                return 0, self.verb()
            except BackupError as problem:
                return problem.exit_code, problem.message
            finally:
                self._fault()  # a step that was never reached: the next case starts from the same place
                if self.thawing is not None:
                    self.thawing.join()

    def judge(self, code: int) -> str:
        """Recover, and say what is broken."""
        live = self._live()
        if self.case.verb in ("replace", "undo") and code == 0 and live != self.wished:
            return "false success"
        if self.case.verb == "merge" and code == 0 and {**live, **self.wished} != live:
            return "false success"
        if code == 20 and live != self.old:
            return "called unchanged, and it is not"
        with hold(self.ws, "recover", wait=10) as held:
            recovery.recover(self.ws, held)
            if recovery.recover(self.ws, held):
                return "recovery does not end"
        live = self._live()
        if self.case.verb == "merge":
            mixed = all(value in (self.old.get(key), self.wished.get(key)) for key, value in live.items())
            if not mixed or not set(self.old) <= set(live):
                return "a record is neither old nor new"
        elif live not in (self.old, self.wished) or (self.case.verb == "drill" and live != self.old):
            return "neither old nor new"
        if code == 0 and self.case.verb != "drill" and {**live, **self.wished} != live:
            return "false success, after recovery"
        if lost := self._lost():
            return f"{len(lost)} acknowledged writes lost: {sorted(lost)[:5]}"
        if left := [name for name in self.database.list_collection_names() if "__" in name]:
            return f"left behind: {left}"
        made = create.create(self.ws, force=True).set
        if made is None or not all(verify.verify(self.ws, backup, 2).ok for backup in self.ws.catalog.sets()):
            return "a backup does not verify"
        return "ok"

    def live_in_words(self) -> str:
        """Old, new, or what else."""
        live = self._live()
        return "old" if live == self.old else "new" if live == self.wished else f"{len(live)} records"

    def _backup(self) -> BackupSet:
        assert self.backup is not None
        return self.backup

    def verb(self) -> str:
        """Do it, and say what it said."""
        ws, backup = self.ws, self._backup()
        if self.case.verb == "replace":
            return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"])).message
        if self.case.verb == "undo":
            return undo.undo(ws).message
        if self.case.verb == "merge":
            return merge.merge(ws, merge.plan(ws, backup, "equipment")).message
        return drill.drill(ws, backup).message

    def _lag_begins(self) -> AbstractContextManager[object]:
        """Say when members begin to lag, should that not be with the fault."""
        step, load_all = self.case.step, loading.load

        def load(*words: Any, **more: Any) -> Any:
            self._begin_lag()
            return load_all(*words, **more)

        if step in ("R2", "R3", "D1", "M1"):
            return nullcontext()
        if self.case.verb == "merge":
            return patch.dict(failpoints.hooks, {"M1": self._begin_lag})
        # Collections are made before anybody lags, as the fault is about what goes into them.
        return patch.object(loading, "load", load)

    def _begin_lag(self) -> None:
        if self.lagging or self.case.lag == "none":
            return
        behind = self.members.secondaries()
        self.lagging = behind if self.case.lag == "all" else behind[:1]
        replicate(self.lagging, False)
        if self.case.lag == "all":
            timer = threading.Timer(OVERDUE, self._fault)
            timer.daemon = True
            timer.start()

    def _fault(self) -> None:
        if self.played.is_set():
            return
        self.played.set()
        self._begin_lag()
        primary = self.members.primary()
        if self.case.fault == "kill":
            primary.kill()
        elif self.case.fault == "step_down":
            self.members.step_down(5)
        else:
            self.members.freeze(primary)
            self.thawing = threading.Timer(FROZEN, self.members.thaw, [primary])
            self.thawing.start()
        if self.lagging:
            # Only then: a member that looks for somebody to follow during an election may not look again for a minute.
            with suppress(TimeoutError):
                self.members.primary(other_than=primary, seconds=6)
            replicate(self.lagging, True)

    @contextmanager
    def _writer(self) -> Iterator[None]:
        """Somebody who writes all the time and notes what was acknowledged by a majority."""
        ended = threading.Event()

        def write() -> None:
            with self.members.client(serverSelectionTimeoutMS=1_000, connectTimeoutMS=1_000,
                                     socketTimeoutMS=3_000) as client:
                database = client.get_database(NAME, write_concern=ACKNOWLEDGED)
                for number in itertools.count():
                    if ended.wait(0.01):
                        return
                    with suppress(PyMongoError):
                        self.write(database, number)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def write(self, database: Database[Doc], number: int) -> None:
        """Add a record and note it."""
        database.Equipment.insert_one({"_id": f"w{number}"})
        self.acknowledged.add(f"w{number}")

    def _live(self) -> State:
        """What the list holds, the records of the writer aside."""
        return {record["_id"]: record["v"] for record in self.database.Equipment.find({"v": {"$exists": True}})}

    def _lost(self) -> set[Any]:
        """Acknowledged records that are neither in the list nor in what Undo brings back."""
        there = {record["_id"] for record in self.database.Equipment.find({"v": {"$exists": False}}, {"_id": 1})}
        safety = undo.undoable(self.ws)
        if safety is not None:
            batches = contents.documents(self.ws, safety, "equipment")
            there |= {bson.decode(record)["_id"] for batch in batches for record in raw.documents_of(batch)}
        return self.acknowledged - there


def replicate(members: Sequence[Mongod], wanted: bool) -> None:
    """Let members fetch the primary's writes or not; unlike ``ReplicaSet.lagging`` they do not even have them."""
    for member in members:
        with member.client(serverSelectionTimeoutMS=5_000) as client, suppress(PyMongoError):
            client.admin.command({"configureFailPoint": "stopReplProducer", "mode": "off" if wanted else "alwaysOn"})


@contextmanager
def careless_loading() -> Iterator[None]:
    """Load and prove on the primary alone, for controls."""
    with (patch.object(staging, "PIECE", WriteConcern(1)), patch.object(staging, "PROOF", ReadConcern("local")),
          patch.object(staging, "_build", lambda *words: None), patch.object(journal, "beat", lambda *words: None),
          patch.object(journal, "DURABLE", WriteConcern(1))):  # it is written to between loading and the swap
        yield


@contextmanager
def no_look_at_the_end() -> Iterator[None]:
    """Take every primary for the one that was there at the start, for controls."""
    with patch.object(steps, "election_id", lambda database: "always the same"):
        yield
