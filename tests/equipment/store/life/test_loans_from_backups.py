"""Loans are in every backup, and come back beside newer ones without a thing being out twice."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import restore_application
from backup_engine.create import create
from backup_engine.model import Application, BackupSet, Source
from backup_engine.workspace import Workspace
from equipment.domain.life.loan import Holder, Terms
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.life import lending, loans
from equipment.store.list import keys, records
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import workspace

Db = Database[dict[str, Any]]
TODAY = date.today()


@pytest.fixture
def ws(database: Db, tmp_path: Path) -> Workspace:
    users.prepare(database)
    loans.prepare(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash of Ada")
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(4)])
    return workspace(tmp_path / "backups", database, application=APPLICATION_DATA)


def out(database: Db, number: int, name: str, days: int = 7) -> lending.Lent:
    entry = records.get(database, keys.key_of_id(number))
    assert entry is not None
    [lent] = lending.check_out(database, SYSTEM, [entry], Terms(Holder(name), TODAY, TODAY + timedelta(days=days)),
                               today=TODAY)
    return lent


def saved(ws: Workspace) -> BackupSet:
    made = create(ws, force=True).set
    assert made is not None and made.warnings == ()
    return made


def restore(ws: Workspace, backup: BackupSet) -> None:
    restore_application.restore(ws, restore_application.plan(ws, backup))


def test_loans_that_were_lost_are_back_byte_for_byte(ws: Workspace, database: Db) -> None:
    out(database, 1, "Ada")
    out(database, 2, "Ben")
    before = list(database[loans.LOANS].find_raw_batches({}, sort=[("_id", 1)]))
    backup = saved(ws)
    database[loans.LOANS].delete_many({})

    restore(ws, backup)

    assert list(database[loans.LOANS].find_raw_batches({}, sort=[("_id", 1)])) == before
    assert "Ada has it" in out(database, 1, "Eve").why


def test_one_that_ended_meanwhile_stays_ended(ws: Workspace, database: Db) -> None:
    loan = out(database, 1, "Ada").loan
    assert loan is not None
    backup = saved(ws)
    lending.check_in(database, SYSTEM, [loan.number])

    restore(ws, backup)

    assert loans.out(database, [loan.thing]) == {}


def test_beside_a_newer_loan_the_old_one_comes_back_as_ended(ws: Workspace, database: Db) -> None:
    first = out(database, 1, "Ada").loan
    backup = saved(ws)
    database[loans.LOANS].delete_many({})
    out(database, 1, "Ben")

    restore(ws, backup)
    restore(ws, backup)  # done twice it changes nothing more

    assert first is not None
    assert loans.out(database, [first.thing])[first.thing].terms.holder.name == "Ben"
    [old] = [loan for loan in loans.of_thing(database, first.thing) if loan.number == first.number]
    assert (old.state, old.end_note) == ("back", "there was a newer one when this came back from a backup")


def test_a_backup_from_before_there_were_loans_leaves_them(ws: Workspace, database: Db, tmp_path: Path) -> None:
    def before(source: Source) -> bool:
        return source.key != "loans"

    old = Application(tuple(filter(before, APPLICATION_DATA.sources)), APPLICATION_DATA.called,
                      APPLICATION_DATA.take_back, APPLICATION_DATA.counts)
    backup = saved(workspace(tmp_path / "backups", database, application=old))
    loan = out(database, 1, "Ada").loan

    restore(ws, backup)

    assert loan is not None and loans.out(database, [loan.thing])[loan.thing].number == loan.number
