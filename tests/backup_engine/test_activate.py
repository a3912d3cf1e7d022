"""A recovered copy stands by, and acts when it is told to: what it may not do until then, and what it does after."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import adopt as adopting, fetch, offsite, prune, upkeep, verify
from backup_engine.activate import activate
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.errors import BadInput, ForeignTarget, PermissionDenied, RemoteFailed, StandingBy
from backup_engine.model import BackupSet
from backup_engine.ownership import identity as identities, lookup, standby
from backup_engine.ownership.owner import Adopted
from backup_engine.push import push
from backup_engine.remotes import claims, queue, registry
from backup_engine.repository import ledger
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.scheduler import Scheduler
from backup_engine.scheduling.uploads import Uploads
from backup_engine.status import status
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, fill
from tests.backup_engine.offsite_places import target_of, with_remote
from tests.mongod import Mongod

Data = Database[dict[str, Any]]
COPY = "test_recovered_copy"


@pytest.fixture
def original(tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An installation that keeps a backup in a remote."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    ws = with_remote(tmp_path, database)
    back_up(ws)
    assert push(ws, "disk").problem == ""
    return ws


@pytest.fixture
def copy(original: Workspace, shared_mongod: Mongod, tmp_path: Path, heard: list[Deed]) -> Iterator[Workspace]:
    """Another installation, recovered from that backup, which names the same remote."""
    with shared_mongod.client() as client:
        client.drop_database(COPY)
        fill(client[COPY])
        recovered(client[COPY], newest(original), original.clock)
        (tmp_path / "there").mkdir()
        there = with_remote(tmp_path / "there", client[COPY], heard=heard)
        yield replace(there, remotes=original.remotes, database_name=COPY)
        client.drop_database(COPY)


def recovered(database: Data, backup: BackupSet, clock: Callable[[], Any]) -> None:
    """What recovery notes in the database before it restores the first record."""
    standby.enter(database, backup, "s3://bucket/lab", clock())
    identities.create(database, claimed=False)


def newest(ws: Workspace) -> BackupSet:
    return ws.catalog.sets()[-1]


def of(ws: Workspace) -> identities.Identity:
    known = identities.read(ws.connect())
    assert known is not None
    return known


def everything(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def clock_of(ws: Workspace) -> StillClock:
    assert isinstance(ws.clock, StillClock)
    return ws.clock


WRITING: dict[str, Callable[[Workspace], object]] = {
    "push": lambda ws: push(ws, "disk", now=True),
    "care": lambda ws: upkeep.care(ws, "disk"),
    "care if due": lambda ws: upkeep.care_if_due(ws, registry.one(ws, "disk")),
    "add": lambda ws: offsite.add_remote(ws, "second", ws.remotes["disk"]),
    "test": lambda ws: offsite.test_remote(ws, "disk"),
    "take over": lambda ws: offsite.take_over_remote(ws, "disk"),
}


@pytest.mark.parametrize("verb", WRITING)
def test_a_copy_that_stands_by_writes_to_no_remote(copy: Workspace, tmp_path: Path, verb: str) -> None:
    back_up(copy)
    before = everything(tmp_path / "disk")

    with pytest.raises(StandingBy, match="recovered from backup") as refused:
        WRITING[verb](copy)

    assert "let this copy act" in refused.value.hint and "activate" in refused.value.hint
    assert everything(tmp_path / "disk") == before
    assert list(registry.known(copy)) == ["disk"] and queue.read(copy.storage, "disk") == queue.Line()


def test_remotes_can_be_read_meanwhile(copy: Workspace, original: Workspace, tmp_path: Path) -> None:
    before, wanted = everything(tmp_path / "disk"), newest(original)

    with fetch.viewed(copy, "disk") as there:
        listed = [backup.backup_id for backup in there.catalog.sets()]
        sound = verify.verify(there, there.catalog.sets()[-1], 2, remember=False).ok
    brought = fetch.fetch(copy, "disk", wanted.backup_id).set

    assert (listed, sound, brought.backup_id) == ([wanted.backup_id], True, wanted.backup_id)
    assert everything(tmp_path / "disk") == before


def test_nothing_is_made_sent_or_rehearsed_by_itself(copy: Workspace, tmp_path: Path) -> None:
    made = back_up(copy)
    clock_of(copy).pass_by(days=30)
    before = everything(tmp_path / "disk")
    scheduler, uploads = Scheduler(copy, Preferences()), Uploads(copy)

    assert tick(scheduler) == (True, False)
    assert scheduler.page_check() is None
    assert scheduler.checks() == [], "neither even asks for one"
    assert not [thread for thread in threading.enumerate() if thread.name == "backup-auto"]
    asked = scheduler.check("auto")
    uploads.look()

    assert scheduler.due().is_due and scheduler.standby is not None
    assert asked.result == "not needed" and asked.message.startswith("Recovered copy: ")
    assert [backup.backup_id for backup in copy.catalog.sets()] == [made.backup_id]
    assert ledger.read(copy.storage) == {} and uploads._running == {}
    uploads.work(registry.one(copy, "disk"))  # said elsewhere since it was started
    assert queue.read(copy.storage, "disk") == queue.Line(), "nothing is wrong with the remote"
    assert everything(tmp_path / "disk") == before


def tick(scheduler: Scheduler) -> tuple[bool, bool]:
    """Let the loop go round once; gives whether this process was the leader, and whether it kept the schedule."""
    scheduler.look()
    led = scheduler.leader.leads, scheduler.leads
    scheduler.leader.give_back()
    return led


def test_by_hand_a_set_is_made_and_nothing_is_cleared_away(copy: Workspace) -> None:
    copy = replace(copy, remotes={})  # a set that waits for a remote stays in any case
    first = back_up(copy)
    clock_of(copy).pass_by(days=10)
    for _ in range(6):
        clock_of(copy).pass_by(days=1)
        created = create(copy, force=True)
        assert created.set is not None and created.message.startswith("Backup created successfully")

    done = prune.prune(copy)
    assert done.deleted == () and "recovered copy that stands by" in done.message
    assert "acknowledge" not in done.message and prune.halted(copy) == done.halted
    activate(copy)
    assert [gone.backup_id for gone in prune.prune(copy).deleted] == [first.backup_id]


def test_activated_it_acts_and_the_originals_sets_are_adopted(
    copy: Workspace, original: Workspace, heard: list[Deed]
) -> None:
    done = activate(copy)

    assert done.message.startswith(f"This copy of “{original.connect().name}”") and heard[-1].note == done.message
    assert heard[-1].action == "backup.activate"
    assert standby.read(copy.connect()) is None and lookup.seen(copy).standby is None
    assert of(copy).adopted == (Adopted(of(original).database_id, original.connect().name),)
    with pytest.raises(BadInput, match="acts already"):
        activate(copy)
    scheduler = Scheduler(copy, Preferences())
    tick(scheduler)
    assert [check.result for check in scheduler.checks()] == ["created"]
    assert ledger.last_drill(copy) == copy.clock()


def test_what_bears_the_originals_id_stays_the_originals(copy: Workspace, original: Workspace) -> None:
    activate(copy)

    assert of(copy).database_id != of(original).database_id
    owner, backup = lookup.seen(copy), newest(original)
    assert (owner.relation(backup), owner.may_prune(backup)) == ("adopted", False)


@pytest.mark.parametrize("say", ["activate", "stand by"])
def test_what_another_process_says_is_seen_at_the_next_tick(
    copy: Workspace, shared_mongod: Mongod, say: str
) -> None:
    here = Scheduler(copy, Preferences(drill_every_days=0))
    if say == "stand by":
        activate(copy)
    tick(here)
    before = len(copy.catalog.sets())
    clock_of(copy).pass_by(hours=2)
    words = {"activate": "activate.activate(DatabaseBackupRestore(sys.argv[1], database=sys.argv[2], "
                         "backup_folder=sys.argv[3]).workspace)",
             "stand by": "standby.enter(DatabaseBackupRestore(sys.argv[1], database=sys.argv[2], "
                         "backup_folder=sys.argv[3]).workspace.connect(), sets.make_set(1, sets.NOW), 'x', sets.NOW)"}
    program = ("import sys; from backup_engine import activate; from backup_engine.api import DatabaseBackupRestore; "
               f"from backup_engine.ownership import standby; from tests.backup_engine import sets; {words[say]}")

    subprocess.run([sys.executable, "-c", program, shared_mongod.uri, COPY, copy.storage.describe()], check=True,
                   timeout=60)
    tick(here)

    assert (here.standby is None) is (say == "activate")
    assert len(copy.catalog.sets()) == before + (say == "activate")


def test_a_command_that_does_not_ask_the_database_knows_it_from_the_folder(copy: Workspace) -> None:
    lookup.ask(copy)

    def unheard() -> Workspace:
        return replace(copy, remembered=type(copy.remembered)(), connect=never)

    def never() -> Any:
        raise AssertionError("asked")

    back_up(copy)
    known = status(unheard()).standby
    assert known == standby.read(copy.connect()) and known is not None
    activate(copy)
    assert status(unheard()).standby is None


def test_the_original_with_the_same_folder_and_name_on_another_host_is_no_copy(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup.ask(copy)
    assert standby.noted(copy.storage, COPY) is not None

    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")

    assert standby.noted(copy.storage, COPY) is None


def test_a_folder_that_can_only_be_read_stops_nothing(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionDenied("read-only")

    monkeypatch.setattr(copy.storage, "put", refuse)

    assert lookup.ask(copy).standby is not None


def test_the_remote_is_the_originals_until_it_is_taken_over(
    copy: Workspace, original: Workspace, tmp_path: Path
) -> None:
    theirs = newest(original)
    activate(copy)
    clock_of(copy).pass_by(minutes=1)
    mine = back_up(copy)
    refused = push(copy, "disk")
    assert f"“{original.connect().name}” on" in refused.problem and "last wrote there on" in refused.problem
    assert target_of(tmp_path).backup_ids() == {theirs.backup_id}

    done = offsite.take_over_remote(copy, "disk")

    assert f"taken over from “{original.connect().name}”" in done.message and "adopted" in done.message
    assert queue.read(copy.storage, "disk").problem == ""
    sent = push(copy, "disk")
    assert [backup.backup_id for backup in sent.sent] == [mine.backup_id], "a full one of its own, and nothing twice"
    assert (mine.kind, sent.waiting, sent.problem) == ("full", 0, "")
    with fetch.viewed(copy, "disk") as there:
        relations = {backup.backup_id: lookup.shown(there).relation(backup) for backup in there.catalog.sets()}
    assert relations == {theirs.backup_id: "adopted", mine.backup_id: "own"}
    back_up(original)
    lost = push(original, "disk")
    assert lost.sent == () and f"“{COPY}” on" in lost.problem
    assert target_of(tmp_path).backup_ids() == {theirs.backup_id, mine.backup_id}


def test_a_test_that_is_refused_is_noted_for_the_button(copy: Workspace, original: Workspace) -> None:
    activate(copy)

    with pytest.raises(ForeignTarget):
        offsite.test_remote(copy, "disk")

    assert f"“{original.connect().name}” on" in queue.read(copy.storage, "disk").problem


def test_whoever_takes_over_adopts_recovered_or_not(copy: Workspace, original: Workspace) -> None:
    standby.leave(copy.connect(), copy.clock())

    offsite.take_over_remote(copy, "disk")
    offsite.take_over_remote(copy, "disk")

    assert lookup.seen(copy).adopted == (Adopted(of(original).database_id, original.connect().name),)


def test_retention_in_a_remote_taken_over_leaves_the_originals_sets_until_it_is_said_gone(
    copy: Workspace, original: Workspace, tmp_path: Path
) -> None:
    theirs = newest(original)
    copy = replace(copy, remotes={"disk": f"{copy.remotes['disk']}?keep_days=7"})
    activate(copy)
    offsite.take_over_remote(copy, "disk")
    clock_of(copy).pass_by(days=10)
    for _ in range(4):
        clock_of(copy).pass_by(days=1)
        back_up(copy)
    push(copy, "disk")

    assert theirs.label not in upkeep.care(copy, "disk").removed
    [holding] = [each for each in adopting.holdings(copy) if each.relation == "adopted"]
    assert (holding.sets, holding.gone) == ((), False), "it is listed though nothing of it lies in the folder"
    adopting.adopt(copy, holding.called, gone=True)
    assert theirs.label in upkeep.care(copy, "disk").removed
    assert theirs.backup_id not in target_of(tmp_path).backup_ids()


def test_of_two_that_take_over_at_once_only_one_is_told_so(
    copy: Workspace, original: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(copy)
    whole = claims.take_over
    monkeypatch.setattr(claims, "take_over", lambda store, *_: whole(store, "somebody", "Faster", copy.clock()))

    with pytest.raises(RemoteFailed, match="“Faster” on"):
        offsite.take_over_remote(copy, "disk")
    assert [other.database for other in of(copy).adopted] == [original.connect().name], "only what activate adopted"


def test_a_remote_is_cared_for_again_once_it_acts(copy: Workspace) -> None:
    activate(copy)
    offsite.take_over_remote(copy, "disk")
    back_up(copy)
    clock_of(copy).pass_by(seconds=timedelta(days=2).total_seconds())

    Uploads(copy).work(registry.one(copy, "disk"))

    line = queue.read(copy.storage, "disk")
    assert line.cared == copy.clock() and len(line.sent) == 2
