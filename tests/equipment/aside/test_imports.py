"""A large import beside this process: what comes of it, what the log hears, and how it is stopped."""

from __future__ import annotations

import logging
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr
from pymongo.database import Database

from backup_engine.errors import BackupError, BadInput, Cancelled, PermissionDenied
from backup_engine.model import SILENT, Progress, Watch
from equipment.aside import imports
from equipment.beside import process
from equipment.exchange.plan import Plan
from equipment.settings import Settings, get_settings
from equipment.store import activity
from equipment.store.list import undo
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
MANY = imports.LARGE + 1_500


@pytest.fixture
def settings(database: Db, shared_mongod: Mongod, tmp_path: Path) -> Settings:
    return get_settings().model_copy(update={
        "mongodb_uri": SecretStr(shared_mongod.uri), "mongodb_database": database.name, "data_folder": tmp_path})


def rows(count: int = MANY) -> list[dict[str, str]]:
    return [{"Vendor": "Acme", "Serial": f"S{row}", "Comments": "a long text " * 4 + str(row)} for row in range(count)]


def planned(settings: Settings, db: Db, watch: Watch = SILENT) -> Plan:
    return imports.plan(settings, db, rows(), ("Serial",), clear_empty=False, watch=watch)


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if imports.PROGRAM in child.cmdline()]


def test_it_does_what_was_planned_and_its_log_is_ours(
    settings: Settings, database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    who, steps = signed_in(database, "manager"), list[Progress]()
    database.Equipment.insert_one({"ID": 7, "Serial": "S0", "Vendor": "Ohm", "Comments": "here before"})

    plan = planned(settings, database, Watch(steps.append))

    assert (len(plan), plan.counts["insert"], plan.counts["update"], plan.cells) == (MANY, MANY - 1, 1, 2)
    [changed] = plan.page(("update",), 0, 10)
    assert (changed.row, {field.name for field in changed.fields}) == (1, {b"Vendor", b"Comments"})
    with caplog.at_level(logging.INFO):
        done = imports.run(settings, database, who, plan, note="from list.csv", watch=Watch(steps.append))

    assert (done.added, done.updated, done.conflicts) == (MANY - 1, 1, ())
    assert sorted(each["ID"] for each in database.Equipment.find()) == list(range(1, MANY + 1))
    assert {each["who"] for each in activity.find(database)} == {who.name}
    assert undo.deed(database, done.deed) is not None
    [deed] = [record.message for record in caplog.records if record.name == "equipment.deeds"]
    assert deed.startswith("records.import by some manager from 192.0.2.1: record:")
    assert deed.endswith(f" and {MANY - 1:,} more (from list.csv)")
    assert {step.total for step in steps if step.phase == "Comparing with the list"} == {MANY}
    assert {step.done for step in steps if step.phase == "Writing"} == {0, 1000, 2000}
    assert children() == []


def test_it_stops_between_two_batches_when_it_is_asked_to(settings: Settings, database: Db) -> None:
    who, plan, steps = signed_in(database, "manager"), planned(settings, database), list[Progress]()
    watch = Watch(steps.append, lambda: any(step.phase == "Writing" for step in steps))

    with pytest.raises(Cancelled):
        imports.run(settings, database, who, plan, watch=watch)

    assert database.Equipment.count_documents({}) in (0, 1000, 2000)
    assert children() == []


def test_what_it_refuses_is_refused_here(settings: Settings, database: Db) -> None:
    plan = planned(settings, database)
    with pytest.raises(PermissionDenied) as refused:
        imports.run(settings, database, signed_in(database, "user"), plan, watch=SILENT)
    assert refused.value.message
    assert database.Equipment.count_documents({}) == 0


def test_its_death_is_said_and_what_it_wrote_is_whole(settings: Settings, database: Db) -> None:
    who, plan = signed_in(database, "manager"), planned(settings, database)

    def kill(progress: Progress) -> None:
        if progress.phase == "Writing" and progress.done:
            for child in children():
                os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(BackupError, match="ended before its work was done") as died:
        imports.run(settings, database, who, plan, watch=Watch(kill))

    assert "can be undone" in died.value.hint
    written = database.Equipment.count_documents({})
    assert written in (1000, 2000)
    assert database[undo.UNDO].count_documents({"key": {"$exists": True}}) == written
    again = imports.run(settings, database, who, planned(settings, database), watch=SILENT)
    assert (again.added, again.unchanged) == (MANY - written, written)
    every = [each["ID"] for each in database.Equipment.find()]
    assert len(set(every)) == len(every) == MANY


def test_a_few_rows_stay_in_this_process(
    settings: Settings, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PROGRAM", "raise SystemExit('not for a few rows')")
    plan = imports.plan(settings, database, rows(3), ("Serial",), clear_empty=False, watch=SILENT)
    assert imports.run(settings, database, signed_in(database, "manager"), plan, watch=SILENT).added == 3


@pytest.mark.parametrize("error", [BadInput("no", hint="yes"), Cancelled("stopped"), PermissionDenied("import")])
def test_an_error_is_the_same_on_the_other_side(error: BackupError) -> None:
    other = pickle.loads(pickle.dumps(error))
    assert (type(other), other.message, other.hint) == (type(error), error.message, error.hint)


def test_its_process_is_told_the_way_to_the_database_and_no_other_secret(
    settings: Settings, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPMENT_ADMIN_PASSWORD", "hunter2hunter2")
    environments: list[str] = []
    asked: list[Any] = []
    send = process.send

    def seen(pipe: Any, told: Any) -> None:
        asked.append(told)
        send(pipe, told)
        environments.extend(str(child.environ()) for child in children())

    monkeypatch.setattr(process, "send", seen)
    with_secrets = settings.model_copy(update={"admin_password": SecretStr("hunter2hunter2")})

    assert len(planned(with_secrets, database)) == MANY
    assert environments and not [told for told in environments if "hunter2" in told]
    told = asked[0][1]["settings"]
    assert (told.admin_password, told.mongodb_uri) == (None, settings.mongodb_uri)
