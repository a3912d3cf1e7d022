"""From the bare machine to one that acts: recovered, standing by, let act, and in the place of the original."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backup_engine import fetch, offsite
from backup_engine.activate import activate
from backup_engine.errors import StandingBy
from backup_engine.ownership import lookup, standby
from backup_engine.push import push
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.scheduler import Scheduler
from backup_engine.status import status
from backup_engine.workspace import Remembered
from tests.backup_engine.engine import back_up
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.test_activate import tick


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


@pytest.mark.parametrize("kind", ["folder", "remote"])
def test_what_recover_leaves_stands_by_and_says_so_without_being_asked(machines: Machines, kind: str) -> None:
    backup = machines.back_up()
    machines.recover(kind)

    def never() -> Any:
        raise AssertionError("asked")

    here = replace(machines.bare, remembered=Remembered(), connect=never, database_name=machines.new.name)
    known = status(here).standby

    assert known is not None and known == standby.read(machines.new)
    assert (known.label, known.database, known.source) == (backup.label, machines.old.name, machines.source(kind))


def test_the_copy_takes_the_place_of_the_original_only_when_it_is_told_to(machines: Machines) -> None:
    theirs, remote = machines.back_up(), {"disk": f"file://{machines.root}/disk"}
    machines.recover("remote")
    bare = replace(machines.bare, remotes=remote)
    scheduler = Scheduler(bare, Preferences())
    tick(scheduler)
    assert scheduler.checks() == []
    with pytest.raises(StandingBy):
        push(bare, "disk", now=True)
    assert machines.back_up("Still alive").backup_id != theirs.backup_id, "the original goes on undisturbed"

    activate(bare)
    offsite.take_over_remote(bare, "disk")
    bare.clock.pass_by(minutes=1)  # type: ignore[attr-defined]
    tick(scheduler)
    *safety, made = [backup for backup in bare.catalog.sets() if lookup.seen(bare).owns(backup)]
    sent = [backup.backup_id for backup in push(bare, "disk").sent]
    assert sent == [made.backup_id, *(each.backup_id for each in safety)]
    assert [each.trigger for each in safety] == ["pre_restore"]

    with fetch.viewed(bare, "disk") as there:
        relations = [lookup.shown(there).relation(backup) for backup in there.catalog.sets()]
    assert sorted(relations) == ["adopted", "adopted", "own", "own"]
    back_up(machines.lab)
    assert f"“{machines.new.name}” on" in push(machines.lab, "disk", now=True).problem
    again = machines.look("remote", of=machines.new.name)
    assert again.chosen.backup.backup_id == made.backup_id and again.chosen.own is not None
    assert everything(machines.new)["Equipment"] != everything(machines.old)["Equipment"]
