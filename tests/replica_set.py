"""A replica set of several real servers, for what an election, a lagging or a frozen member does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymongo
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from tests import frozen
from tests.mongod import REPLICA_SET, Mongod

ELECTION_MS = 2_000
"""An election after this much silence instead of 10 s: a test may wait for one."""


class ReplicaSet:
    """Three members by default; ``arbiters`` of them hold no data. Stop it with ``stop``."""

    def __init__(self, members: int = 3, *, arbiters: int = 0, parameters: tuple[str, ...] = (),
                 election_ms: int = ELECTION_MS, oplog_mb: int = 64) -> None:
        self.members = [Mongod(member=True, parameters=parameters, oplog_mb=oplog_mb,
                               arguments=("--setParameter", "writePeriodicNoops=true"))
                        for _ in range(members)]
        self.election_ms = election_ms
        described = [{"_id": number, "host": member.host, "priority": 1,
                      **({"arbiterOnly": True} if number >= members - arbiters else {})}
                     for number, member in enumerate(self.members)]
        with self.members[0].client() as client:
            client.admin.command("replSetInitiate", {
                "_id": REPLICA_SET, "members": described, "settings": {"electionTimeoutMillis": election_ms}})
        self.wait_until_healthy()

    @property
    def uri(self) -> str:
        """Connection string that names every member."""
        return f"mongodb://{','.join(member.host for member in self.members)}/?replicaSet={REPLICA_SET}"

    def client(self, **options: Any) -> pymongo.MongoClient[dict[str, Any]]:
        """Give a fresh client of the whole set."""
        return pymongo.MongoClient(self.uri, **{"serverSelectionTimeoutMS": 20_000, **options})

    def primary(self, *, other_than: Mongod | None = None, seconds: float = 60) -> Mongod:
        """Wait for a primary and give it; ``other_than`` waits for another one."""
        chosen: list[Mongod] = []

        def look() -> bool:
            chosen[:] = [member for member in self.members
                         if member is not other_than and _hello(member).get("isWritablePrimary")]
            return len(chosen) == 1

        self._until(look, seconds, "no primary was elected")
        return chosen[0]

    def secondaries(self) -> list[Mongod]:
        """Members that answer as secondaries now."""
        return [member for member in self.members if _hello(member).get("secondary")]

    @contextmanager
    def lagging(self, *members: Mongod) -> Iterator[None]:
        """Let these members (by default every secondary) receive the oplog and not apply it."""
        chosen = members or tuple(self.secondaries())
        self._apply_stop(chosen, "alwaysOn")
        try:
            yield
        finally:
            self._apply_stop(chosen, "off")

    def freeze(self, member: Mongod) -> None:
        """Stop the process of a member where it is (SIGSTOP)."""
        assert member.process is not None
        frozen.freeze(member.process.pid)

    def thaw(self, member: Mongod) -> None:
        """Let a frozen member go on."""
        assert member.process is not None
        frozen.thaw(member.process.pid)

    def step_down(self, seconds: int = 30) -> Mongod:
        """Make the primary give up its office for so long; gives the member it was."""
        before = self.primary()
        with before.client() as client, suppress(PyMongoError):  # older servers close the connection
            client.admin.command({"replSetStepDown": seconds, "secondaryCatchUpPeriodSecs": 0, "force": True})
        return before

    def step_up(self, member: Mongod, seconds: float = 60) -> None:
        """Make a member the primary."""

        def look() -> bool:
            if _hello(member).get("isWritablePrimary"):
                return True
            with member.client(serverSelectionTimeoutMS=2_000) as client:
                client.admin.command("replSetStepUp")
            return False

        self._until(look, seconds, "the member does not become the primary")

    def heal(self) -> None:
        """Start and thaw every member and wait until the set is whole."""
        for member in self.members:
            if member.process is None or member.process.poll() is not None:
                member.start()
            else:
                self.thaw(member)
        self._apply_stop([member for member in self.members if _hello(member)], "off")
        self.wait_until_healthy()

    def wait_until_healthy(self, seconds: float = 60) -> None:
        """Wait until there is one primary and every other data member follows it to the last write."""
        self.primary(seconds=seconds)

        def look() -> bool:
            with self.client(serverSelectionTimeoutMS=2_000) as client:
                states = client.admin.command("replSetGetStatus")["members"]
                data = [state for state in states if state["stateStr"] != "ARBITER"]
                if sorted({state["stateStr"] for state in data}) not in (["PRIMARY"], ["PRIMARY", "SECONDARY"]):
                    return False
                everywhere = WriteConcern(len(data), wtimeout=5_000)
                client.get_database("healthy_check", write_concern=everywhere).looks.insert_one({})
                return True

        self._until(look, seconds, "the replica set does not become healthy")

    def stop(self) -> None:
        """End every member and remove its data."""
        for member in self.members:
            member.stop()

    @staticmethod
    def _apply_stop(members: Any, mode: str) -> None:
        for member in members:
            with member.client(serverSelectionTimeoutMS=5_000) as client, suppress(PyMongoError):
                client.admin.command({"configureFailPoint": "rsSyncApplyStop", "mode": mode})

    @staticmethod
    def _until(ready: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with suppress(PyMongoError):
                if ready():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(complaint)
            time.sleep(0.05)


def _hello(member: Mongod) -> dict[str, Any]:
    """What a member says of itself; nothing when it does not answer within half a second."""
    try:
        with member.client(serverSelectionTimeoutMS=500, socketTimeoutMS=500) as client:
            return dict(client.admin.command("hello"))
    except PyMongoError:
        return {}
