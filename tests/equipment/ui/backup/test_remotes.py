"""The section of the Auto Backup sub-tab about places off the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment import backups, offsite, schedules, settings
from equipment.backups import NOBODY, Backups
from equipment.settings import Settings
from tests.backup_engine.offsite_places import target_of
from tests.equipment.ui.backup.test_tab import labels, run
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


def section() -> None:
    """Draw the section alone, for whoever the session says."""
    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment.backups import Caller, _built
    from equipment.ui.backup import remotes

    def check(action: str) -> None:
        if st.session_state.role != "admin":
            raise AdminOnly(action)

    remotes.show(next(iter(_built.values())), Caller("ada", check))


@pytest.fixture
def place(
    shared_mongod: Mongod, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backups]:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    for name in ("disk", "second"):
        (tmp_path / name).mkdir()
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      backup_remote=f"disk=file://{tmp_path}/disk")
    with settings.use(chosen):
        yield backups.of(chosen, lambda: database)
        backups.stop()


def texts(test: AppTest) -> str:
    said = " ".join(str(each.value) for kind in (test.text, test.error, test.caption, test.markdown) for each in kind)
    return said.replace("\\", "")


def press(test: AppTest, key: str) -> AppTest:
    (button,) = [button for button in test.button if button.key == key]
    return button.click().run()


def settled(test: AppTest, place: Backups) -> AppTest:
    """Wait for the job that a press began, and look again."""
    assert place.jobs.wait_for(offsite.JOB, 30)
    return test.run()


def metrics(test: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in test.metric}


def test_sending_looking_and_fetching(place: Backups, tmp_path: Path) -> None:
    made = place.engine.create(force=True).set
    assert made is not None
    test = run(section, role="admin")
    assert not test.exception
    assert metrics(test) == {
        "Waiting": "1", "Last upload": "never", "Last read-back": "never", "Kept there": "for ever"}

    test = settled(press(test, "push_disk"), place)

    assert "1 backup sent to remote disk with accounts, settings, trash and activity." in texts(test)
    assert "1 of 1 copy good, newest just made, last read back never." in texts(test)
    assert metrics(test)["Waiting"] == "0" and metrics(test)["Last upload"] != "never"
    assert "does not keep backups from being deleted" in texts(test)
    assert target_of(tmp_path).backup_ids() == {made.backup_id}
    for path in (tmp_path / "sets").rglob("*_2*"):
        path.unlink()
    test = settled(press(test, "look_disk"), place)
    assert made.label in str(test.dataframe[0].value)
    (fetch,) = [button for button in test.button if button.label == "Fetch into the backup folder"]
    test = settled(fetch.click().run(), place)
    assert "was fetched from remote disk" in texts(test)
    assert place.find(NOBODY, made.label).state == "complete"


def test_trouble_shows_with_the_next_try(place: Backups, tmp_path: Path) -> None:
    place.engine.create(force=True)
    (tmp_path / "disk").rename(tmp_path / "away")

    test = settled(press(run(section, role="admin"), "push_disk"), place)

    assert "is not there" in texts(test) and "Next try at" in texts(test)
    assert "Never reached, failed 20" in texts(test)
    assert not test.exception


def test_a_target_is_tried_out(place: Backups, tmp_path: Path) -> None:
    place.engine.create(force=True)
    test = run(section, role="admin")
    assert [button.label for button in test.button if button.key == "test_disk"] == ["Test this target"]

    assert "Remote disk works." in texts(settled(press(test, "test_disk"), place))
    (tmp_path / "disk").rename(tmp_path / "away")
    assert "is not there" in texts(settled(press(test.run(), "test_disk"), place))


def test_what_waits_for_its_time_says_so(place: Backups) -> None:
    schedules.change(place, NOBODY, remote_crons={"disk": "30 2 * * *"})
    place.engine.create(force=True)

    assert "Sent at 02:30 every day, next 20" in texts(run(section, role="admin"))


def test_adding_and_removing(place: Backups, tmp_path: Path) -> None:
    place.engine.create(force=True)
    test = run(section, role="admin")
    assert "remove_disk" not in [button.key for button in test.button], "that one stands in the settings"
    test.text_input[0].input("second")
    test.text_input[1].input(f"file://{tmp_path}/second")
    (button,) = [button for button in test.button if button.label == "Add and try out"]

    test = settled(button.click().run(), place)

    assert "Remote second is added and works." in texts(test)
    test = press(test, "remove_second")
    assert "second" not in [each.name for each in offsite.standings(place, NOBODY)] and not test.exception


def test_taking_over_asks_first(place: Backups, tmp_path: Path) -> None:
    from backup_engine.remotes import claims

    claims.require(target_of(tmp_path).store, "somebody-else", "Lab", place.now())
    place.engine.create(force=True)
    test = settled(press(run(section, role="admin"), "push_disk"), place)
    assert "“Lab”" in texts(test)
    (take,) = [button for button in test.button if button.key == "take_disk"]
    assert take.disabled

    test = test.checkbox(key="sure_disk").check().run()
    test = settled(press(test, "take_disk"), place)

    assert "taken over from “Lab”" in texts(test)


@pytest.mark.parametrize("role", ["user", "manager", ""])
def test_nobody_else_sees_anything(place: Backups, role: str, tmp_path: Path) -> None:
    test = run(section, role=role)

    assert labels(test) == [] and str(tmp_path) not in texts(test)
