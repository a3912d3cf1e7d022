"""What an administrator is asked about other databases' backups, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import api
from equipment import backups
from equipment.store import activity, moments
from equipment.store.access import PROVED_FOR, SESSIONS
from equipment.store.accounts import sessions
from equipment.ui.plain import plain
from tests.equipment.store.people import signed_in
from tests.equipment.ui.backup.test_tab import installation, owners_page, run  # noqa: F401 - a fixture
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def theirs(shared_mongod: Mongod, database: Db, installation: Path) -> Iterator[Db]:  # noqa: F811
    """A second database whose three backups lie in the same folder."""
    with shared_mongod.client() as client:
        other = client[f"{database.name}_other"]
        other["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(7)])
        system = DatabaseBackupRestore(shared_mongod.uri, database=other.name, backup_folder=str(installation))
        for _ in range(3):
            system.create_backup(force=True)
        yield other
        client.drop_database(other.name)


def press(test: AppTest, label: str) -> AppTest:
    (button,) = [button for button in test.button if button.label.startswith(label)]
    return button.click().run()


def errors(test: AppTest) -> str:
    return " ".join(error.value for error in test.error)


def test_backups_of_other_databases_stand_apart(theirs: Db, database: Db) -> None:
    test = run(owners_page, user_role="admin")

    assert not test.exception
    (expander,) = [expander for expander in test.expander if expander.label.startswith("Backups of other databases")]
    assert "(3)" in expander.label
    assert theirs.name in str(expander.dataframe[0].value)
    (metric,) = [metric for metric in test.metric if metric.label == "Backups"]
    # this database's own first backup may be made meanwhile
    assert metric.value in ("0", "1"), "they do not count here"


def test_a_lost_database_is_asked_about_and_adopting_answers(theirs: Db, database: Db) -> None:
    database["Equipment"].delete_many({})
    test = run(owners_page, user_role="admin")
    assert "never been backed up" in errors(test)

    test = press(test, "Adopt 3 backups of")

    assert "never been backed up" not in errors(test)
    assert backups._built
    (built,) = backups._built.values()
    assert [adopted.database for adopted in built.owner().adopted] == [theirs.name]
    assert [entry["action"] for entry in activity.find(database, activity.Filter(actions=("backup.adopt",)))] == [
        "backup.adopt"]


def test_an_open_page_does_not_say_once_more_that_a_database_is_gone(theirs: Db, database: Db) -> None:
    database["Equipment"].delete_many({})
    test = press(run(owners_page, user_role="admin"), "Adopt 3 backups of")
    (built,) = backups._built.values()

    def said(gone: bool) -> list[bool]:
        api.adopt(built._workspace, theirs.name, gone=gone)
        test.run()
        assert not test.exception
        return [box.value for box in test.checkbox if box.label.endswith("is gone")]

    assert said(True) == [True]
    assert said(False) == [False]
    assert [adopted.gone for adopted in built.owner(fresh=True).adopted] == [False]


def _ours(database, who):  # without types: it runs as a script of its own
    from equipment.backups import _built
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui.backup import gate, whose
    from equipment.ui.context import App
    from equipment.ui.entrance import again

    app = App(Settings(), database, who, access.identify(database, who))
    again.show(app)
    whose.others(next(iter(_built.values())), gate.caller_of(app))


def test_that_a_database_is_gone_asks_who_is_there_and_is_not_done_by_the_answer(theirs: Db, database: Db) -> None:
    database["Equipment"].delete_many({})
    press(run(owners_page, user_role="admin"), "Adopt 3 backups of")
    (built,) = backups._built.values()
    ada = signed_in(database, "admin", "ada")
    late = moments.now() - PROVED_FOR - timedelta(seconds=1)
    database[SESSIONS].update_one({"_id": ada.session}, {"$set": {"proved": late}})
    test = AppTest.from_function(_ours, args=(database, ada), default_timeout=60).run()

    test = test.checkbox[0].check().run()

    assert "Confirm" in [button.label for button in test.button] and not test.checkbox[0].value
    sessions.prove(database, ada.session, moments.now())
    test.run()
    assert not test.checkbox[0].value
    assert [adopted.gone for adopted in built.owner(fresh=True).adopted] == [False]
    test.checkbox[0].check().run()
    assert [adopted.gone for adopted in built.owner(fresh=True).adopted] == [True]


def test_starting_anew_answers_as_well(theirs: Db, database: Db) -> None:
    database["Equipment"].delete_many({})

    test = press(run(owners_page, user_role="admin"), "Start anew")

    assert not test.exception
    assert "never been backed up" not in errors(test)
    assert database["backup_restore_state"].find_one({"_id": "database"}) is not None


@pytest.mark.parametrize("answer", ["This is a copy", "This was rolled back"])
def test_a_copy_is_told_from_a_roll_back(installation: Path, database: Db, answer: str) -> None:  # noqa: F811
    system = DatabaseBackupRestore()
    system.create_backup()
    before = database["backup_restore_state"].find_one({"_id": "database"})
    system.create_backup(force=True)
    database["backup_restore_state"].replace_one({"_id": "database"}, before or {})
    system.create_backup(force=True)
    test = run(owners_page, user_role="admin")
    assert "it was rolled back to an earlier state" in errors(test)

    test = press(test, answer)

    assert not test.exception
    assert "rolled back" not in errors(test)
    after = database["backup_restore_state"].find_one({"_id": "database"})
    assert before is not None and after is not None
    assert (after["database_id"] == before["database_id"]) is (answer == "This was rolled back")


def test_a_backup_of_another_database_needs_a_tick_that_names_both(theirs: Db, database: Db) -> None:
    test = AppTest.from_function(owners_page, default_timeout=60)
    test.session_state["user_role"] = "admin"
    test.session_state["backup_tab"] = "Restore Data"
    test.run()
    (toggle,) = test.toggle
    assert toggle.label == "Offer the 3 backups of other databases, too"
    test = toggle.set_value(True).run()
    (choice,) = [box for box in test.selectbox if box.label == "Backup"]
    (*_, place) = [place for place, title in enumerate(choice.options) if theirs.name in title]
    test = choice.select_index(place).run()
    test = next(radio for radio in test.radio if radio.label == "How").set_value("Merge").run()

    ticks = {tick.label: tick for tick in test.checkbox}
    (meant,) = [label for label in ticks if plain(theirs.name) in label
                and f"into “{plain(database.name)}”" in label]
    test = press(next(tick for label, tick in ticks.items() if label != meant).set_value(True).run(),
                 "Confirm and Restore")
    assert "Tick both boxes above." in " ".join(warning.value for warning in test.warning)
    assert not next(iter(backups._built.values())).jobs.latest(backups.WRITING)
    test = next(tick for tick in test.checkbox if tick.label == meant).set_value(True).run()
    test = press(test, "Confirm and Restore")

    (built,) = backups._built.values()
    built.jobs.wait(30)
    assert database["Equipment"].count_documents({}) == 7
