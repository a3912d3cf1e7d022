"""How backups are stored, as the screens ask: who may change it, what an option decides, what a drill has to prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.csv_format import age
from backup_engine.errors import AdminOnly, BadInput, KeyNeeded, WrongKey
from backup_engine.keys.identity import identity_text, wrapped
from equipment import backups as processes, sealing, settings
from equipment.backups import Backups, Caller
from equipment.settings import Settings
from equipment.store import activity
from equipment.ui.backup.storing import line
from tests.equipment.test_backups import PATIENCE, caller, make_set
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
IDENTITY = age.new_identity()
PUBLIC = age.public_half(IDENTITY)


def installation(database: Db, mongod: Mongod, folder: Path, **options: Any) -> Settings:
    return Settings(mongodb_uri=mongod.uri, mongodb_database=database.name, backup_folder=folder / "sets",
                    data_folder=folder / "data", **options)


@pytest.fixture
def backups(database: Db, shared_mongod: Mongod, tmp_path: Path) -> Iterator[Backups]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    yield processes.of(installation(database, shared_mongod, tmp_path), lambda: database)
    processes.stop()


def keyed(by: Caller, text: str = IDENTITY) -> Caller:
    return Caller(by.name, by.check, by.who, keys=sealing.keys_from(text))


def test_encrypted_is_not_said_before_a_drill_with_the_identity(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    assert line(sealing.stored(backups, by)) == ""
    sealing.change(backups, by, "zstd", PUBLIC)
    made = make_set(backups, by)
    assert made.encrypted and "no drill has proven" in line(sealing.stored(backups, by))
    assert sealing.needs_key(backups, by, made)

    refused = backups.drill(by, made)
    assert refused.done.wait(PATIENCE)
    assert isinstance(refused.error, KeyNeeded)
    wrong = backups.drill(keyed(by, age.new_identity()), made)
    assert wrong.done.wait(PATIENCE)
    assert isinstance(wrong.error, WrongKey)
    assert not sealing.stored(backups, by).proven and "Encrypted" not in line(sealing.stored(backups, by))

    passed = backups.drill(keyed(by), made)
    assert passed.done.wait(PATIENCE)
    assert passed.error is None
    assert line(sealing.stored(backups, by)).startswith("Encrypted for 1 key; opened by a restore drill")
    # of another key nothing is proven yet
    sealing.change(backups, by, "zstd", age.public_half(age.new_identity()))
    assert "no drill has proven" in line(sealing.stored(backups, by))


def test_what_is_chosen_counts_for_every_way_to_make_a_backup(
    backups: Backups, database: Db, shared_mongod: Mongod, tmp_path: Path
) -> None:
    from backup_csv_for_db_restore import DatabaseBackupRestore

    by = caller(database, "admin")
    sealing.change(backups, by, "gzip", f"{PUBLIC},\n {age.public_half(age.new_identity())}")

    with settings.use(installation(database, shared_mongod, tmp_path)):
        by_command = DatabaseBackupRestore(shared_mongod.uri).create(force=True).set
    by_engine = backups.engine.create(force=True).set
    scheduled = backups.scheduler.check("scheduled")

    assert by_command is not None and by_engine is not None and scheduled.result == "not needed"
    for made in (by_command, by_engine):
        assert [str(part.file).partition(".csv")[2] for part in made.parts.values()] == [".gz.age"] * 2
        assert len(made.metadata["codec"]["recipients"]) == 2
    logged = activity.find(database, activity.Filter(actions=("backup.sealing",)))
    assert [entry["who"] for entry in logged] == [by.name]


def test_only_an_administrator_chooses(backups: Backups, database: Db) -> None:
    by = caller(database, "manager")
    for act in (lambda: sealing.change(backups, by, "zstd", PUBLIC), lambda: sealing.stored(backups, by),
                lambda: sealing.reseal(backups, by)):
        with pytest.raises(AdminOnly):
            act()
    assert database["backup_restore_state"].find_one({"_id": "sealing"}) is None


@pytest.mark.parametrize("recipients", [IDENTITY, "age1x", PUBLIC[:-1]], ids=["secret", "short", "cut"])
def test_what_is_no_public_key_is_refused_and_a_secret_one_not_repeated(
    backups: Backups, database: Db, recipients: str
) -> None:
    with pytest.raises(BadInput) as caught:
        sealing.change(backups, caller(database, "admin"), "none", recipients)

    assert IDENTITY not in str(caught.value)
    assert database["backup_restore_state"].find_one({"_id": "sealing"}) is None


def storing_page() -> None:
    import streamlit as st

    from equipment.backups import Caller, of
    from equipment.settings import get_settings
    from equipment.ui.backup import storing

    storing.show(of(get_settings(), st.session_state.connect), Caller("ada", lambda action: None))


def test_what_an_option_decides_is_shown_and_cannot_be_changed(
    database: Db, shared_mongod: Mongod, tmp_path: Path
) -> None:
    chosen = installation(database, shared_mongod, tmp_path, backup_recipients=PUBLIC)
    by = caller(database, "admin")
    with settings.use(chosen):
        here = processes.of(chosen, lambda: database)
        with pytest.raises(BadInput, match="recipients of backups is said by the environment"):
            sealing.change(here, by, "zstd", "")
        sealing.change(here, by, "zstd", PUBLIC)  # compression is still to be chosen
        test = AppTest.from_function(storing_page, default_timeout=60)
        test.session_state["connect"] = lambda: database
        test.run()
        made = make_set(here, by)
        processes.stop()

    assert not test.exception
    assert (test.text_area[0].disabled, test.text_area[0].value) == (True, PUBLIC)
    assert (test.selectbox[0].disabled, test.selectbox[0].value) == (False, "zstd")
    assert [text.value for text in test.caption if "given by `BACKUP_RECIPIENTS`" in text.value]
    assert made.metadata["codec"] == {"compression": "zstd", "encryption": "age", "recipients": [PUBLIC]}


def test_a_check_without_the_key_compares_stored_bytes_and_says_so(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    sealing.change(backups, by, "none", PUBLIC)
    made = make_set(backups, by)

    for who, level in ((by, 1), (keyed(by), 2)):
        job = backups.verify(who, made)
        assert job.done.wait(PATIENCE)
        assert (job.result.level, job.result.ok) == (level, True)
    assert backups.checks()[made.backup_id].level == 2  # the deeper one is remembered


def test_the_drill_that_nobody_asked_for_compares_stored_bytes_where_it_has_no_key(
    backups: Backups, database: Db
) -> None:
    by = caller(database, "admin")
    sealing.change(backups, by, "none", PUBLIC)
    made = make_set(backups, by)

    backups.scheduler._keep_the_schedule()
    backups.scheduler._keep_the_schedule()

    assert backups.checks()[made.backup_id].level == 1
    assert backups.last_drill() is None
    assert activity.find(database, activity.Filter(actions=("backup.drill",))) == []
    assert [check.result for check in backups.scheduler.checks()] == []


def test_a_history_without_the_key_says_what_it_could_not_read(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    sealing.change(backups, by, "none", PUBLIC)
    make_set(backups, by)

    closed, opened = backups.history(by, "1"), backups.history(keyed(by), "1")

    assert [problem.partition(":")[0] for _, problem in closed.unreadable] == ["Key needed"]
    assert closed.versions == () and len(opened.versions) == 1


def test_an_identity_under_a_passphrase_is_pasted_with_it() -> None:
    from datetime import UTC, datetime

    text = wrapped(identity_text(IDENTITY, datetime(2026, 1, 1, tzinfo=UTC)), "correct horse").replace("\n", " ")

    assert sealing.keys_from(text, "correct horse").identities == (IDENTITY,)
    with pytest.raises(KeyNeeded):
        sealing.keys_from(text)


def test_keys_show_in_no_print(backups: Backups, database: Db) -> None:
    who = keyed(caller(database, "admin"))

    assert IDENTITY not in repr(who) and IDENTITY not in repr(backups.workspace(who))


def test_with_the_database_down_an_encrypted_installation_writes_nothing_plain(
    backups: Backups, database: Db, shared_mongod: Mongod, tmp_path: Path
) -> None:
    from backup_engine.api import DatabaseBackupRestore
    from backup_engine.errors import DatabaseUnreachable
    from backup_engine.repair import repair
    from tests.backup_engine.stored import file_of, flip, no_database

    by = caller(database, "admin")
    sealing.change(backups, by, "none", "")
    plain = make_set(backups, by)
    sealing.change(backups, by, "none", PUBLIC)
    make_set(backups, by)
    flip(file_of(backups.engine.workspace, plain), 10)
    alone = DatabaseBackupRestore(connect=no_database, backup_folder=tmp_path / "sets")

    with pytest.raises(DatabaseUnreachable, match="whether backups are encrypted stands there"):
        repair(alone.workspace, plain)

    assert len(alone.workspace.catalog.sets()) == 2
