"""Retention on a real folder: what goes, what stays, who may stop it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backup_engine import prune
from backup_engine.errors import BadInput, Busy
from backup_engine.locking.locks import hold
from backup_engine.model import BackupSet
from backup_engine.policy.tiers import Tiers
from backup_engine.repository import ledger
from backup_engine.repository.intents import recover
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock
from tests.backup_engine.stored import file_of, flip, folder, records, snapshot, store


def daily(path: Path, days: int = 12, keep_days: int = 7) -> tuple[Workspace, StillClock, list[BackupSet]]:
    """A folder with one set a day; the clock stands at the last one."""
    ws, clock = folder(path, keep_days=keep_days)
    sets = []
    for day in range(days):
        if day:
            clock.pass_by(days=1)
        sets.append(store(ws, 3, 1))
    return ws, clock, sets


def labels(ws: Workspace) -> list[str]:
    """What is listed."""
    return [backup.label for backup in ws.catalog.sets()]


def test_old_sets_go_with_all_their_files(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)

    done = prune.prune(ws)

    assert done.message == "4 backups deleted."
    assert labels(ws) == [backup.label for backup in sets[4:]]
    assert not [path for path in tmp_path.rglob("*") if any(backup.label in path.name for backup in sets[:4])]


def test_dry_run_changes_nothing_and_says_what_would_go(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)
    before = snapshot(tmp_path)

    done = prune.prune(ws, dry_run=True)

    assert done.message == "4 backups would be deleted."
    assert [decision.keep for decision in done.decisions] == [False] * 4 + [True] * 8
    assert [backup.label for backup in done.deleted] == [backup.label for backup in sets[:4]]
    assert snapshot(tmp_path) == before
    assert not (tmp_path / ".state" / "verified.json").exists()


def test_after_a_backup_everything_is_decided_only_when_a_set_is_old_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, _, sets = daily(tmp_path)
    with hold(ws, "prune") as held:
        with monkeypatch.context() as patch:
            patch.setattr(prune.retention, "decide", lambda *_, **__: pytest.fail("decided"))
            assert prune.after_backup(replace(ws, keep_days=30), held, sets) == ""
        assert labels(ws) == [backup.label for backup in sets]
        assert prune.after_backup(ws, held, sets) == ""
    assert labels(ws) == [backup.label for backup in sets[4:]]


def test_tiers_keep_what_is_older(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path, 12, keep_days=2)  # from Wednesday 4 June 2025
    ws = replace(ws, tiers={"hourly": 0, "daily": 4, "weekly": 2, "monthly": 0, "yearly": 0})

    shown, done = prune.prune(ws, dry_run=True), prune.prune(ws)

    kept = [sets[4], *sets[8:]]  # the fifth is of a Sunday
    assert labels(ws) == [backup.label for backup in kept]
    assert shown.decisions == done.decisions
    assert done.decisions[4].reason == "the newest of its week (2 of 2)"
    monday = sets[11].started + timedelta(hours=12)
    assert (done.next_to_go, done.leaves[sets[4].place], done.leaves[sets[8].place]) == (sets[4], monday, monday)
    assert prune.prune(ws).message == "No backup is old enough to delete."


def test_what_tiers_would_do_is_tried_by_a_dry_run_only(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)
    before = snapshot(tmp_path)

    tried = prune.prune(ws, dry_run=True, tiers=Tiers(daily=10))

    assert [backup.label for backup in tried.deleted] == [backup.label for backup in sets[:2]]
    with pytest.raises(BadInput, match="tried out by a dry run"):
        prune.prune(ws, tiers=Tiers(daily=10))
    assert snapshot(tmp_path) == before


def test_after_a_backup_nothing_is_decided_while_the_tiers_keep_all_that_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, _, sets = daily(tmp_path)
    said = dict.fromkeys(("hourly", "weekly", "monthly", "yearly"), 0)
    with hold(ws, "prune") as held:
        with monkeypatch.context() as patch:
            patch.setattr(prune.retention, "decide", lambda *_, **__: pytest.fail("decided"))
            assert prune.after_backup(replace(ws, tiers={**said, "daily": 12}), held, sets) == ""
        assert labels(ws) == [backup.label for backup in sets]
        assert prune.after_backup(replace(ws, tiers={**said, "daily": 10}), held, sets) == ""
    assert labels(ws) == [backup.label for backup in sets[2:]]


def test_pinned_set_stays_until_unpinned(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)

    assert prune.pin(ws, sets[0]).pinned
    prune.prune(ws)
    assert sets[0].label in labels(ws)

    assert not prune.unpin(ws, ws.catalog.find(sets[0].label)).pinned
    prune.prune(ws)
    assert sets[0].label not in labels(ws)


def test_pinning_keeps_the_set_sound_and_its_copy_equal(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path, 1)

    prune.pin(ws, sets[0])

    listed = ws.catalog.find(sets[0].label)
    assert listed.state == "complete" and listed.pinned
    assert file_of(ws, listed, "metadata").read_bytes() == (tmp_path / ".state" / listed.metadata_file).read_bytes()


def test_damaged_set_cannot_be_pinned(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path, 1)
    file_of(ws, sets[0]).unlink()

    with pytest.raises(BadInput, match="cannot be pinned"):
        prune.pin(ws, ws.catalog.find(sets[0].label))


def test_shrunken_list_stops_the_run_until_acknowledged(tmp_path: Path) -> None:
    ws, clock, _ = daily(tmp_path)
    clock.pass_by(days=1)
    store(ws, 1, 1)

    done = prune.prune(ws)
    assert done.deleted == () and "equipment shrank from 3 to 1" in done.message
    assert prune.halted(ws) == done.halted
    assert prune.prune(ws, dry_run=True, acknowledge_shrink=True).deleted
    assert prune.halted(ws)

    assert len(prune.prune(ws, acknowledge_shrink=True).deleted) == 5
    assert prune.halted(ws) == ""


def test_acknowledgement_covers_only_what_had_happened(tmp_path: Path) -> None:
    ws, clock, _ = daily(tmp_path, 3)
    prune.acknowledge(ws)
    clock.pass_by(days=1)
    store(ws, 0, 1)

    assert "equipment shrank from 3 to 0" in prune.halted(ws)


def test_clock_set_back_stops_the_run(tmp_path: Path) -> None:
    ws, clock, sets = daily(tmp_path)
    clock.pass_by(days=-30)

    assert "clock looks wrong" in prune.prune(ws).halted
    assert len(labels(ws)) == len(sets)


def test_rotten_newest_sets_keep_the_sound_old_ones(tmp_path: Path) -> None:
    """The three newest are damaged on disk, and nobody has verified them since."""
    ws, _, sets = daily(tmp_path)
    for backup in sets[-3:]:
        flip(file_of(ws, backup), 60)

    done = prune.prune(ws)

    assert [backup.label for backup in done.deleted] == [sets[0].label]
    assert ledger.bad(ledger.read(ws.storage)) == {backup.backup_id for backup in sets[-3:]}


def test_everything_rotten_deletes_nothing(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)
    for backup in sets:
        flip(file_of(ws, backup), 60)

    done = prune.prune(ws)

    assert done.deleted == ()
    assert labels(ws) == [backup.label for backup in sets]


def test_csv_without_metadata_is_never_deleted(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path)
    for backup in sets[:2]:
        file_of(ws, backup, "metadata").unlink()
        (tmp_path / ".state" / backup.metadata_file).unlink()

    prune.prune(ws)

    assert file_of(ws, sets[0]).exists() and file_of(ws, sets[1], "select_options").exists()
    assert not file_of(ws, sets[2]).exists()


def test_killed_while_deleting_is_finished_by_recovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ws, _, sets = daily(tmp_path)
    real, count = ws.storage.delete, [0]

    def dying(where: str, name: str) -> None:
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        real(where, name)

    monkeypatch.setattr(ws.storage, "delete", dying)
    with pytest.raises(KeyboardInterrupt):
        prune.prune(ws)
    monkeypatch.undo()

    assert all(backup.state == "complete" for backup in ws.catalog.sets())
    recover(ws.storage)
    prune.prune(ws)
    assert labels(ws) == [backup.label for backup in sets[4:]]
    assert not [path for path in tmp_path.rglob("*") if any(backup.label in path.name for backup in sets[:4])]


def test_two_at_once_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ws, _, _ = daily(tmp_path, 2)
    monkeypatch.setattr(prune, "WAIT_SECONDS", 0)

    with hold(ws, "prune"), pytest.raises(Busy):
        prune.delete(ws, ws.catalog.sets()[0])


def test_delete_by_hand(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path, 3)

    prune.delete(ws, sets[0])

    assert labels(ws) == [backup.label for backup in sets[1:]]


def test_delete_by_hand_refuses_what_must_stay(tmp_path: Path) -> None:
    ws, _, sets = daily(tmp_path, 3)
    pinned = prune.pin(ws, sets[0])

    with pytest.raises(BadInput, match="newest good"):
        prune.delete(ws, sets[-1])
    with pytest.raises(BadInput, match="pinned"):
        prune.delete(ws, pinned)
    assert len(labels(ws)) == 3


@pytest.mark.parametrize("text", [b"", b"[]", b'{"acknowledged_seq": "x"}', b"\xff"])
def test_damaged_acknowledgement_counts_as_none(tmp_path: Path, text: bytes) -> None:
    ws, clock, _ = daily(tmp_path, 2)
    clock.pass_by(days=1)
    store(ws, records(0), 1)
    ws.storage.put(".state", "retention.json", text)

    assert prune.halted(ws)
