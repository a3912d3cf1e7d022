"""The page of a recovered copy: what it says to whom, the switch, and taking a remote over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.api import add_remote, push
from backup_engine.errors import AdminOnly, StandingBy
from backup_engine.ownership import identity, standby
from equipment import backups, offsite, settings, standing_by
from equipment.backups import NOBODY, Backups, Caller
from equipment.server.metrics import protection, view
from equipment.settings import Settings
from equipment.store import activity
from equipment.ui.backup import badge
from tests.backup_engine.offsite_places import target_of
from tests.equipment.ui.backup.test_remotes import press, section, settled, texts
from tests.equipment.ui.backup.test_tab import host_with_people, labels, owners_page, run
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
BANNER = "This is a recovered copy"


@pytest.fixture
def copy(
    shared_mongod: Mongod, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backups]:
    """An installation recovered from a backup that another one, still at work, keeps in a remote."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    (tmp_path / "disk").mkdir()
    with shared_mongod.client() as client:
        original = client[f"{database.name}_original"]
        for each in (original, database):
            each["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
        system = DatabaseBackupRestore(
            shared_mongod.uri, database=original.name, backup_folder=str(tmp_path / "theirs"))
        made = system.create(force=True).set
        assert made is not None
        add_remote(system.workspace, "disk", f"file://{tmp_path}/disk")
        assert push(system.workspace, "disk").problem == ""
        standby.enter(database, made, "s3://bucket/*lab*", made.started)
        identity.create(database, claimed=False)
        chosen = Settings(
            mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
            backup_remote=f"disk=file://{tmp_path}/disk")
        with settings.use(chosen):
            yield backups.of(chosen, lambda: database)
            backups.stop()
        client.drop_database(original.name)


def warnings(test: AppTest) -> str:
    return " ".join(warning.value for warning in test.warning)


def button(test: AppTest, label: str) -> Any:
    (found,) = [button for button in test.button if button.label == label]
    return found


def test_the_banner_says_whose_copy_and_acts_only_after_the_tick(copy: Backups, database: Db) -> None:
    test = run(owners_page, user_role="admin")

    assert not test.exception
    assert BANNER in warnings(test)
    shown = texts(test)
    assert f"{database.name}_original" in shown and "s3://bucket/*lab*" in shown
    assert button(test, "Let this copy act").disabled
    (sure,) = [box for box in test.checkbox if box.key == "standing_by_sure"]
    assert sure.label == "The original is no more, or no longer makes backups"
    test = sure.check().run()
    test = button(test, "Let this copy act").click().run()
    assert not test.exception
    assert BANNER not in warnings(test) and standby.read(database) is None
    assert "This copy acts from now on." in " ".join(said.value for said in test.success)
    assert "Let this copy act" not in labels(test.run())
    [entry] = activity.find(database, activity.Filter(actions=("backup.activate",)))
    assert "acts from now on" in entry["note"]


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_nobody_else_sees_anything_of_it(copy: Backups, role: str) -> None:
    test = run(host_with_people, host_role=role)

    assert BANNER not in warnings(test) and "Let this copy act" not in labels(test)
    assert "original" not in texts(test)


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_the_role_is_checked_where_it_is_done(copy: Backups, database: Db, role: str) -> None:
    def check(action: str) -> None:
        raise AdminOnly(f"{action} is not for {role}")

    with pytest.raises(AdminOnly, match=r"backup\.settings"):
        standing_by.activate(copy, Caller("eve", check))
    with pytest.raises(AdminOnly, match=r"backup\.see"):
        standing_by.read(copy, Caller("eve", check))
    assert standby.read(database) is not None


def test_the_schedule_shows_as_off_because_of_it(copy: Backups) -> None:
    copy.owner(fresh=True)
    test = AppTest.from_function(auto_tab, default_timeout=60)
    test.session_state["role"] = "admin"
    test.run()

    assert not test.exception
    assert [(toggle.label, toggle.value, toggle.disabled) for toggle in test.toggle] == [
        ("Automatic backups", False, True), ("Back up every change within a minute", False, True)]
    assert {metric.label: metric.value for metric in test.metric}["Next backup due"] == "off"
    assert "recovered copy that stands by" in warnings(test)
    assert "This is as it should be, resume retention" not in labels(test)


def auto_tab() -> None:
    """Draw the sub-tab alone."""
    from equipment.backups import NOBODY, _built
    from equipment.ui.backup.auto import screen as auto

    auto.show(next(iter(_built.values())), NOBODY)


def test_the_badge_says_it_before_anything_else(
    copy: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(badge.application, "connector", lambda _: None)
    copy.owner(fresh=True)
    app: Any = type("App", (), {"settings": settings.get_settings()})()

    assert badge.of(app) == badge.Badge("Recovered copy: automatic backups are off", "alarm")
    standing_by.activate(copy, NOBODY)
    assert badge.of(app).text == "No backup yet"


def test_a_monitor_is_told_once_the_database_was_asked(copy: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    def gauge() -> list[float]:
        told = protection.read(view.look(settings.get_settings()))
        return [sample.value for sample in told if sample.name == "standing_by"]

    assert gauge() == [], "nobody has asked yet, and a scrape does not"
    copy.owner(fresh=True)
    assert gauge() == [1]
    standing_by.activate(copy, NOBODY)
    assert gauge() == [0]


def test_remotes_are_only_read_until_it_acts(copy: Backups, tmp_path: Path) -> None:
    made = copy.engine.create(force=True).set
    assert made is not None
    test = run(section, role="admin")

    assert not test.exception
    assert {key: by_key(test, key).disabled for key in ("push_disk", "test_disk", "look_disk")} == {
        "push_disk": True, "test_disk": True, "look_disk": False}
    assert "Add and try out" not in labels(test) and "Only read" in texts(test)
    job = offsite.push(copy, NOBODY, "disk")
    assert job.done.wait(30) and isinstance(job.error, StandingBy)
    copy.jobs.clear(offsite.JOB)
    before = target_of(tmp_path).backup_ids()
    test = settled(press(run(section, role="admin"), "look_disk"), copy)
    assert "1 backup in disk" in texts(test)
    assert target_of(tmp_path).backup_ids() == before and made.backup_id not in before


def test_a_confirmed_ssh_server_is_not_tried_out(copy: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsite.api, "confirm_remote_key", lambda ws, name, fingerprint: fingerprint)

    job = offsite.confirm_key(copy, NOBODY, "disk", "SHA256:x")

    assert job.done.wait(30) and (job.error, job.result) == (None, "SHA256:x")


def by_key(test: AppTest, key: str) -> Any:
    (found,) = [button for button in test.button if button.key == key]
    return found


def test_taking_over_names_the_original_and_wants_a_tick(copy: Backups, database: Db, tmp_path: Path) -> None:
    made = copy.engine.create(force=True).set
    assert made is not None
    standing_by.activate(copy, NOBODY)
    test = settled(press(run(section, role="admin"), "push_disk"), copy)

    assert f"“{database.name}_original” on" in texts(test) and "last wrote there on" in texts(test)
    assert by_key(test, "take_disk").disabled and by_key(test, "take_disk").label == "Take over this target"
    (sure,) = [box for box in test.checkbox if box.key == "sure_disk"]
    test = settled(press(sure.check().run(), "take_disk"), copy)
    assert f"taken over from “{database.name}_original”" in texts(test) and "take_disk" not in [
        button.key for button in test.button]
    test = settled(press(test, "push_disk"), copy)
    assert "1 backup sent to remote disk with accounts, settings, trash and activity." in texts(test)
    assert made.backup_id in target_of(tmp_path).backup_ids()
