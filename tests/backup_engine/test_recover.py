"""Everything comes back on a machine that has nothing: from a backup folder, and from a remote in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backup_engine import failpoints, recover as recovering, restore_application, undo
from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput, KeyNeeded, NoBackupsFound, RestoreStopped, WrongKey
from backup_engine.ownership import standby
from backup_engine.push import push
from backup_engine.repository import intents
from backup_engine.repository.intents import Intent
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import PLAIN, fill, raw, workspace
from tests.backup_engine.legacy_sets import write_legacy_set
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.stored import age_seal, snapshot


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


@pytest.mark.parametrize("kind", ["folder", "remote"])
def test_list_and_accounts_come_back_into_an_empty_database(machines: Machines, kind: str) -> None:
    backup = machines.back_up()
    wanted, before = everything(machines.old), snapshot(machines.root)

    found = machines.look(kind)
    done = recovering.recover(machines.bare, found)

    assert (found.chosen.backup, found.closed, found.skipped, found.warnings) == (backup, None, (), ())
    assert found.chosen.own is not None and found.chosen.own.counts["users"] == 2
    assert everything(machines.new) == wanted
    assert {user["_id"]: user["state"] for user in machines.new.equipment_users.find()} == {
        "ada": "active", "bob": "active"}
    assert done.verified
    assert done.message.startswith(f"Recovered backup {backup.label} from {machines.source(kind)}: 20 equipment, 5 ")
    copy = standby.read(machines.new)
    assert copy is not None and copy.label == backup.label
    after = {name: data for name, data in snapshot(machines.root).items() if not name.startswith("bare/")}
    assert after == before, "nothing is changed where it was read from"


def test_what_a_crash_left_in_the_old_folder_stays_there(machines: Machines) -> None:
    """Whoever runs there clears it up; here it is somebody's disk that is only read."""
    backup = machines.back_up()
    old = machines.root / "lab"
    label, begun = "20250604_150000", "equipment_backup_20250604_150000.csv"
    intents.claim(machines.lab.storage, Intent(label, "wednesday", (begun,)))
    for name in (f".tmp-{label}-1", begun):
        (old / "wednesday" / name).write_bytes(b"left")
        (old / ".app" / "wednesday" / name).write_bytes(b"left")
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}

    assert machines.recover().backup == backup

    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before


def test_undo_gives_the_empty_list_back_and_somebody_stays_who_administers(machines: Machines) -> None:
    machines.back_up()
    done = machines.recover()

    undo.undo(machines.bare)

    assert raw(machines.new, "Equipment") == []
    assert "undo-application" not in done.message, "what would be refused is not offered"
    with pytest.raises(BadInput, match="nobody could sign in"):
        restore_application.undo(machines.bare)


def test_the_folder_of_this_very_installation_when_only_the_database_is_gone(machines: Machines) -> None:
    machines.back_up()
    wanted, here = everything(machines.old), replace(machines.lab, connect=lambda: machines.new)

    recovering.recover(here, recovering.look(here, machines.source("folder")))

    assert everything(machines.new) == wanted
    undo.undo(here)
    assert raw(machines.new, "Equipment") == []


@pytest.mark.parametrize("kind", ["folder", "remote"])
def test_a_differential_with_the_full_backup_it_rests_on(machines: Machines, kind: str) -> None:
    machines.back_up()
    machines.old.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
    machines.old.equipment_users.update_one({"_id": "bob"}, {"$set": {"role": "manager"}})
    machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    last = create(machines.lab, force=True, kind="differential").set
    push(machines.lab, "disk")

    done = machines.recover(kind)

    assert last is not None and last.kind == "differential" and done.backup == last
    assert everything(machines.new)["Equipment"] == everything(machines.old)["Equipment"]


def test_the_three_before_are_shown_and_the_newest_at_a_time_is_taken(machines: Machines) -> None:
    made = [machines.back_up(f"v{number}") for number in range(5)]

    found = machines.look()
    at = [machines.look(at=said).chosen.backup for said in (
        made[2].label, made[3].started.isoformat(), (made[2].started + timedelta(minutes=5)).isoformat(), "2025-06-04",
        made[1].started.replace(tzinfo=None).isoformat())]

    assert [pair.backup for pair in (found.chosen, *found.before)] == made[:0:-1]
    assert at == [made[2], made[3], made[2], made[4], made[1]]
    recovering.recover(machines.bare, machines.look(at=made[1].label))
    assert machines.new.Equipment.distinct("Vendor") == ["v1"]
    with pytest.raises(NoBackupsFound, match="none from 2020-01-01"):
        machines.look(at="2020-01-01")
    with pytest.raises(BadInput, match="is no moment"):
        machines.look(at="yesterday")


@pytest.mark.parametrize("what", ["Equipment", "Equipment_select_options", "equipment_users", "Equipment_trash",
                                  "equipment_activity"])
def test_a_database_that_holds_anything_is_refused_with_the_counts(machines: Machines, what: str) -> None:
    machines.back_up()
    machines.new[what].insert_many([{"_id": n, "action": "records.save"} for n in range(7)])

    found = machines.look()
    for refused in (lambda: recovering.require_empty(machines.bare, found),
                    lambda: recovering.recover(machines.bare, found)):
        with pytest.raises(RestoreStopped, match=rf"is not empty: 7 in {what}\.") as stopped:
            refused()

    assert "--replace-existing" in stopped.value.hint
    assert {name: machines.new[name].count_documents({}) for name in machines.new.list_collection_names()
            if not name.startswith("backup_restore")} == {what: 7}
    assert standby.read(machines.new) is None


def test_entries_about_backups_do_not_make_a_database_a_used_one(machines: Machines) -> None:
    machines.back_up()
    machines.new.equipment_activity.insert_one({"_id": 1, "action": "backup.recover.failed"})

    assert machines.recover().verified


def test_what_is_there_is_replaced_when_that_is_meant_and_undo_brings_it_back(machines: Machines) -> None:
    machines.back_up()
    wanted = everything(machines.old)
    fill(machines.new, 3)
    users.create(machines.new, SYSTEM, "Eve", "admin", password_hash="hash of Eve")
    # the record lies in the trash of the backup, and in the list that is replaced
    machines.new.Equipment.insert_one({"_id": "gone"})
    before = raw(machines.new, "Equipment")

    done = machines.recover(replace_existing=True)

    assert everything(machines.new) == wanted and done.restored is not None and done.restored.safety is not None
    assert "undo-application takes it back." in done.message
    assert {user["_id"]: user["state"] for user in machines.new.equipment_users.find()} == {
        "ada": "active", "bob": "active", "eve": "disabled"}
    undo.undo(machines.bare)
    restore_application.undo(machines.bare)
    assert raw(machines.new, "Equipment") == before
    assert machines.new.equipment_users.find_one({"_id": "eve"})["state"] == "active"  # type: ignore[index]


def test_a_database_brought_back_to_its_own_backup_is_no_copy(machines: Machines) -> None:
    machines.back_up()
    machines.old.Equipment.delete_many({"_id": {"$lt": 5}})

    recovering.recover(machines.lab, recovering.look(machines.lab, machines.source("remote")), replace_existing=True)

    assert machines.old.Equipment.count_documents({}) == 20
    assert standby.read(machines.old) is None


def test_without_its_key_an_encrypted_backup_is_refused_before_anything_is_written(machines: Machines) -> None:
    seal = age_seal("zstd")
    machines.lab = replace(machines.lab, seal=seal)
    machines.back_up()
    lacking = machines.look()
    machines.bare = replace(machines.bare, seal=PLAIN.with_keys(age_seal().identities))
    other = machines.look()

    assert type(lacking.closed) is KeyNeeded and type(other.closed) is WrongKey and lacking.chosen.encrypted
    with pytest.raises(WrongKey):
        recovering.recover(machines.bare, other)
    assert machines.new.list_collection_names() == []
    machines.bare = replace(machines.bare, seal=PLAIN.with_keys(seal.identities))
    assert machines.recover().verified
    assert everything(machines.new) == everything(machines.old)


def test_what_has_to_be_given_again_is_said(machines: Machines) -> None:
    machines.back_up()
    told = replace(APPLICATION_DATA, not_given=lambda: {"EQUIPMENT_PUBLIC_URL": "the address"})
    machines.bare = workspace(machines.root / "bare", machines.new, clock=machines.lab.clock, application=told)

    assert machines.recover().to_be_given_again == {"EQUIPMENT_PUBLIC_URL": "the address"}


def test_what_others_write_meanwhile_is_not_called_verified(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.back_up()
    monkeypatch.setitem(failpoints.hooks, "V3", lambda: machines.new.Equipment.insert_one({"_id": "theirs"}) and None)

    done = machines.recover()

    assert not done.verified and "Equipment holds 21 records, and not just the 20 of the backup" in done.message
    assert "by number and content" not in done.message


def test_a_safety_backup_is_recovered_only_by_its_name(machines: Machines) -> None:
    machines.back_up()
    machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    restored = recovering.recover(machines.lab, machines.look(), replace_existing=True).restored
    assert restored is not None and restored.safety is not None

    assert machines.look().chosen.backup.trigger == "manual"
    assert machines.look(at=restored.safety.label).chosen.backup == restored.safety


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_backups(machines: Machines, compression: Any) -> None:
    machines.lab = replace(machines.lab, seal=Seal(compression=compression))
    machines.back_up()

    assert machines.recover("remote").verified and everything(machines.new) == everything(machines.old)


def test_either_of_two_identities_alone_recovers(machines: Machines) -> None:
    one, two = age_seal("zstd"), age_seal()
    machines.lab = replace(machines.lab, seal=replace(one, recipients=(*one.recipients, *two.recipients)))
    machines.back_up()

    for seal in (one, two):
        machines.bare = replace(machines.bare, seal=PLAIN.with_keys(seal.identities))
        assert machines.recover("remote", replace_existing=True).verified


def test_backups_of_the_original_system_alone(machines: Machines) -> None:
    """They have no accounts, no ids, and no sums of content."""
    folder = machines.root / "original"
    for hour in (9, 10):
        write_legacy_set(folder, datetime(2024, 3, 4, hour), [{"ID": n, "Vendor": f"V{hour}"} for n in range(7)])

    found = recovering.look(machines.bare, str(folder))
    done = recovering.recover(machines.bare, found)

    assert [pair.backup.label for pair in found.pairs] == ["20240304_100000", "20240304_090000"]
    assert machines.new.Equipment.distinct("Vendor") == ["V10"] and machines.new.Equipment.count_documents({}) == 7
    assert done.verified and "those of the backup, by number; the original system kept no sums" in done.message
    assert done.application is None and standby.read(machines.new) is not None
