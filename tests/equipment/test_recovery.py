"""Recovery on the first run: nothing without the set-up code, and what somebody with it can do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backup_engine import failpoints
from backup_engine.api import Recoverable, Recovered
from backup_engine.csv_format import age
from backup_engine.errors import BackupError, BadInput, Cancelled, KeyNeeded, NoBackupsFound, NoSpace, RestoreStopped
from equipment import recovery, sealing
from equipment.accounts import setup
from equipment.accounts.login import SignInRefused
from equipment.jobs import Job
from equipment.recovery import LOOKING, RECOVERING, Asked
from equipment.store import activity
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from tests.equipment.accounts.cheap import CHEAP
from tests.equipment.bare_machine import PASSWORD, BareMachine, Db, standing
from tests.mongod import Mongod

PATIENCE = 60
IDENTITY = age.new_identity()


@pytest.fixture
def bare(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[BareMachine]:
    with standing(shared_mongod, database, tmp_path) as machine:
        setup.prepare(machine.new, machine.settings)
        yield machine


def shown(bare: BareMachine) -> setup.Pass:
    return setup.admit(bare.new, setup.setup_code())


def ended(job: Job) -> Any:
    assert job.done.wait(PATIENCE)
    if job.error is not None:
        raise job.error
    return job.result


def look(bare: BareMachine, source: str = "", **options: str) -> Recoverable:
    found = ended(recovery.look(bare.backups, bare.new, shown(bare), Asked(source or str(bare.folder), **options)))
    assert isinstance(found, Recoverable)
    return found


def recover(bare: BareMachine, backup_id: str) -> Recovered:
    done = ended(recovery.recover(bare.backups, bare.new, bare.settings, shown(bare), backup_id))
    assert isinstance(done, Recovered)
    return done


VERBS: dict[str, Callable[[BareMachine, object], object]] = {
    "look": lambda bare, code: recovery.look(bare.backups, bare.new, code, Asked(str(bare.folder))),
    "recover": lambda bare, code: recovery.recover(bare.backups, bare.new, bare.settings, code, "x"),
    "cancel": lambda bare, code: recovery.cancel(bare.backups, code, LOOKING),
    "latest": lambda bare, code: recovery.latest(bare.backups, code, LOOKING),
    "forget": lambda bare, code: recovery.forget(bare.backups, code, LOOKING),
}


@pytest.mark.parametrize("code", [None, "", True, setup.Pass(""), setup.Pass("0" * 64)])
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_without_the_code(bare: BareMachine, verb: str, code: object) -> None:
    with pytest.raises(SignInRefused, match="set-up code"):
        VERBS[verb](bare, code)

    assert bare.backups.jobs.latest(LOOKING) is None and bare.backups.jobs.latest(RECOVERING) is None


def test_every_verb_was_tried() -> None:
    assert VERBS.keys() == {name for name in recovery.__all__ if name[0].islower()}


def test_the_code_itself_cannot_be_written_as_a_pass(bare: BareMachine) -> None:
    with pytest.raises(SignInRefused):
        setup.require(setup.setup_code())
    with pytest.raises(SignInRefused):
        setup.require(setup.Pass(setup.setup_code()))
    assert setup.setup_code() not in repr(shown(bare)) and shown(bare).digest not in repr(shown(bare))


def test_list_and_accounts_come_back_and_the_first_run_is_over(bare: BareMachine) -> None:
    bare.back_up("ACME")
    wanted = list(bare.old.Equipment.find().sort("_id"))
    code = shown(bare)

    found = look(bare)
    done = recover(bare, found.chosen.backup.backup_id)

    assert done.verified and bare.records == wanted
    assert [user["_id"] for user in bare.new.equipment_users.find()] == ["ada"]
    assert activity.find(bare.new)[0]["action"] == "backup.recover"
    with pytest.raises(SignInRefused, match="account already"):
        recovery.look(bare.backups, bare.new, code, Asked(str(bare.folder)))
    with pytest.raises(SignInRefused, match="account already"):
        recovery.recover(bare.backups, bare.new, bare.settings, code, found.chosen.backup.backup_id)
    assert recovery.latest(bare.backups, code, RECOVERING) is not None, "what came of it can still be read"


def test_one_of_those_before(bare: BareMachine) -> None:
    wanted = bare.back_up("ACME")
    bare.back_up("Zeppelin")

    found = look(bare)
    done = recover(bare, wanted.backup_id)

    assert [pair.backup.seq for pair in found.pairs] == [2, 1]
    assert done.backup == wanted and {record["Vendor"] for record in bare.records} == {"ACME"}


def test_what_was_not_found_is_not_recovered(bare: BareMachine) -> None:
    bare.back_up("ACME")
    with pytest.raises(BadInput, match="none of those"):
        recover(bare, "x")
    look(bare)
    with pytest.raises(BadInput, match="none of those"):
        recover(bare, "x")


def test_an_encrypted_one_needs_the_identity(shared_mongod: Mongod, database: Db, tmp_path: Path) -> None:
    with standing(shared_mongod, database, tmp_path, age.public_half(IDENTITY)) as bare:
        setup.prepare(bare.new, bare.settings)
        bare.back_up("ACME")
        found = look(bare)
        with pytest.raises(KeyNeeded):
            recover(bare, found.chosen.backup.backup_id)

        job = recovery.recover(bare.backups, bare.new, bare.settings, shown(bare), found.chosen.backup.backup_id,
                               keys=sealing.keys_from(IDENTITY))

        assert isinstance(found.closed, KeyNeeded)
        assert ended(job).verified
        assert "AGE-SECRET" not in str(activity.find(bare.new)).upper()


@pytest.mark.parametrize(("source", "error", "words"), [
    ("", BadInput, "Write where"), ("backups", BadInput, "whole path"), ("../../etc", BadInput, "whole path"),
    ("/no/such/folder", BadInput, "no folder"), ("ftp://host/x", BadInput, "no kind of remote"),
    ("sftp://ada:hunter2@host/x", BadInput, "no secrets"), ("/\x00", BadInput, "Write where"),
    ("x" * 3000, BadInput, "Write where"), ("~nobody-is-called-so/x", BadInput, "whole path"),
])
def test_places_that_are_none(bare: BareMachine, source: str, error: type[BackupError], words: str) -> None:
    with pytest.raises(error, match=words) as refused:
        ended(recovery.look(bare.backups, bare.new, shown(bare), Asked(source)))

    assert "hunter2" not in str(refused.value)


def test_a_folder_with_nothing_of_ours(bare: BareMachine, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(NoBackupsFound):
        look(bare, str(tmp_path / "other"))


def test_a_database_that_is_not_empty_is_refused_with_the_counts(bare: BareMachine) -> None:
    bare.back_up("ACME")
    look(bare)
    bare.new.Equipment.insert_one({"_id": "mine"})

    with pytest.raises(RestoreStopped, match="not empty: 1 in Equipment") as refused:
        look(bare)

    assert "--replace-existing" in refused.value.hint and "command line" in refused.value.hint
    assert bare.records == [{"_id": "mine"}]


def test_what_is_damaged_is_not_exchanged_for_an_older_one_unasked(bare: BareMachine) -> None:
    older, newest = bare.back_up("ACME"), bare.back_up("Zeppelin")
    part = newest.parts["equipment"]
    path = bare.folder / newest.day / part.file
    found = look(bare)
    path.write_bytes(path.read_bytes().replace(b"Zeppelin", b"Zeppelon"))

    with pytest.raises(RestoreStopped, match=f"{newest.label} cannot be used"):
        recover(bare, found.chosen.backup.backup_id)

    assert bare.records == []
    left = recovery.latest(bare.backups, shown(bare), LOOKING)
    assert left is not None and left.result.chosen.backup == older
    assert recover(bare, older.backup_id).verified


def test_nobody_creates_the_administrator_meanwhile(bare: BareMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = bare.back_up("ACME")
    look(bare)
    code, reached, refused = shown(bare), threading.Event(), list[str]()

    def meanwhile() -> None:
        with pytest.raises(SignInRefused) as caught:
            setup.create_administrator(bare.new, setup.setup_code(), "Eve", PASSWORD, passwords=CHEAP)
        refused.append(str(caught.value))
        reached.set()

    monkeypatch.setitem(failpoints.hooks, "V1", meanwhile)
    done = ended(recovery.recover(bare.backups, bare.new, bare.settings, code, backup.backup_id))

    assert reached.is_set() and "A recovery from a backup is running" in refused[0]
    assert done.verified and [user["_id"] for user in bare.new.equipment_users.find()] == ["ada"]


def test_whoever_was_faster_is_not_overrun(bare: BareMachine) -> None:
    backup = bare.back_up("ACME")
    look(bare)
    code = shown(bare)
    with setup.reserved(bare.new):
        job = recovery.recover(bare.backups, bare.new, bare.settings, code, backup.backup_id)
        assert job.done.wait(PATIENCE)
    users.create(bare.new, SYSTEM, "Eve", "admin")

    assert isinstance(job.error, RestoreStopped) and bare.records == []
    with pytest.raises(SignInRefused):
        recovery.recover(bare.backups, bare.new, bare.settings, code, backup.backup_id)
    with pytest.raises(RestoreStopped), setup.reserved(bare.new):
        raise AssertionError("reserved")


def test_cancelled_before_anything_is_written_and_once_more(
    bare: BareMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = bare.back_up("ACME")
    look(bare)
    code = shown(bare)

    monkeypatch.setitem(failpoints.hooks, "V0", lambda: recovery.cancel(bare.backups, code, RECOVERING))
    with pytest.raises(Cancelled):
        ended(recovery.recover(bare.backups, bare.new, bare.settings, code, backup.backup_id))
    monkeypatch.delitem(failpoints.hooks, "V0")

    assert bare.records == [] and setup.is_first_run(bare.new)
    assert recover(bare, backup.backup_id).verified


def test_no_space_is_said_and_changes_nothing(bare: BareMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = bare.back_up("ACME")
    look(bare)

    def full(*arguments: object, **options: object) -> None:
        raise NoSpace("the disk is full", hint="Make room.")

    monkeypatch.setattr("equipment.recovery.api.recover_from", full)
    with pytest.raises(NoSpace):
        recover(bare, backup.backup_id)

    assert bare.records == [] and activity.find(bare.new)[0]["action"] == "backup.recover.failed"
