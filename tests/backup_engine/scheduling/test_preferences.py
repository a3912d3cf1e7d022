"""The shared choices about what is done by itself: who changed what when, and no change lost to another."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from backup_engine.mongo import versions
from backup_engine.mongo.versions import COLLECTION, KEPT
from backup_engine.policy.cron import Cron
from backup_engine.policy.schedule import Schedule
from backup_engine.scheduling import preferences
from backup_engine.scheduling.preferences import DOCUMENT, Changed, Preferences, Version

Live = Database[dict[str, Any]]
DEFAULTS = Preferences(interval_hours=1.0, automatic=True, drill_every_days=7.0)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NIGHTLY, EARLY = "30 2 * * *", "0 6 * * *"


def test_nothing_stored_gives_the_defaults(database: Live) -> None:
    assert preferences.load(database, DEFAULTS) == DEFAULTS


def test_what_one_process_saves_another_loads(database: Live) -> None:
    preferences.save(database, interval_hours=6, automatic=False, backup_cron=NIGHTLY, time_zone="Europe/Berlin",
                     remote_crons={"disk": EARLY, "cloud": ""})

    loaded = preferences.load(database, DEFAULTS)

    assert loaded == Preferences(6.0, False, 7.0, NIGHTLY, time_zone="Europe/Berlin", remote_crons={"disk": EARLY})
    assert loaded.backups == Schedule(6.0, Cron(NIGHTLY, "Europe/Berlin"))
    assert loaded.sending("disk") == Schedule(cron=Cron(EARLY, "Europe/Berlin"))
    assert loaded.sending("cloud") is None


def test_every_preference_has_a_rule() -> None:
    assert preferences._RULES.keys() == {each.name for each in fields(Preferences)} - {"version", "changed"}


def test_a_seed_never_overrides_a_choice(database: Live) -> None:
    preferences.seed(database, 2)
    preferences.seed(database, 5)

    loaded = preferences.load(database, DEFAULTS)
    assert (loaded.interval_hours, loaded.version) == (2, 0)


@pytest.mark.parametrize(("name", "value"), [
    *(("interval_hours", hours) for hours in (0, 0.05, 169, float("nan"), float("inf"), "x", None)),
    ("automatic", "no"), ("drill_every_days", -1), ("drill_every_days", True), ("drill_every_days", float("nan")),
    ("backup_cron", "* * *"), ("verify_cron", "0 0 30 2 *"), ("drill_cron", 5), ("time_zone", "Mars/Phobos"),
    ("remote_crons", {"disk": "* *"}), ("remote_crons", {"../x": NIGHTLY}), ("remote_crons", [NIGHTLY]),
])
def test_what_cannot_be_used_is_refused_and_nothing_changed(database: Live, name: str, value: Any) -> None:
    with pytest.raises(BadInput):
        preferences.save(database, **{"drill_every_days": 3, name: value})

    assert preferences.load(database, DEFAULTS) == DEFAULTS


@pytest.mark.parametrize("name", ["interval_hours", "automatic", "backup_cron", "time_zone", "remote_crons", "version",
                                  "changed"])
def test_what_is_stored_and_cannot_be_used_costs_no_backup(database: Live, name: str) -> None:
    database[COLLECTION].insert_one({"_id": DOCUMENT, name: "0 0 30 2 *", "drill_every_days": 3.0})

    assert preferences.load(database, DEFAULTS) == Preferences(1.0, True, 3.0)


def test_a_document_of_the_version_before_opens_and_takes_changes(database: Live) -> None:
    database[COLLECTION].insert_one(
        {"_id": DOCUMENT, "interval_hours": 6.0, "automatic": False, "tiers": {"weekly": 8}})
    before = preferences.load(database, DEFAULTS)

    preferences.save(database, version=before.version, by="anna", at=NOON, automatic=True)

    assert (before.interval_hours, before.automatic, before.version, before.changed) == (6.0, False, 0, {})
    after = preferences.load(database, DEFAULTS)
    assert (after.automatic, after.version) == (True, 1)
    document = database[COLLECTION].find_one({"_id": DOCUMENT})
    assert document is not None and document["tiers"] == {"weekly": 8}


def test_each_change_says_when_and_by_whom(database: Live) -> None:
    preferences.save(database, by="anna", at=NOON, automatic=False)
    preferences.save(database, by="ben", at=NOON.replace(hour=13), interval_hours=2)

    loaded = preferences.load(database, DEFAULTS)

    assert loaded.version == 2
    assert loaded.changed == {"automatic": Changed(NOON, "anna"),
                              "interval_hours": Changed(NOON.replace(hour=13), "ben")}
    assert preferences.history(database) == [
        Version(2, NOON.replace(hour=13), "ben", {"interval_hours": 2.0}),
        Version(1, NOON, "anna", {"automatic": False})]


def test_the_last_versions_are_kept(database: Live) -> None:
    document = {"version": 1, "at": NOON.isoformat(), "by": "anna", "values": {}}
    database[COLLECTION].insert_one({"_id": DOCUMENT, "version": 1, "history": [document] * KEPT})

    preferences.save(database, by="ben", automatic=False)

    kept = preferences.history(database)
    assert (len(kept), kept[0].by, kept[-1].by) == (KEPT, "ben", "anna")


def test_of_two_changes_to_one_version_the_second_is_refused_and_said(database: Live) -> None:
    seen = preferences.load(database, DEFAULTS).version
    preferences.save(database, version=seen, by="anna", at=NOON, automatic=False)

    with pytest.raises(BadInput, match="changed meanwhile by anna at 12:00"):
        preferences.save(database, version=seen, by="ben", interval_hours=9)

    loaded = preferences.load(database, DEFAULTS)
    assert (loaded.automatic, loaded.interval_hours, loaded.version) == (False, 1.0, 1)


@pytest.mark.parametrize("named", [True, False], ids=["to a version", "to whatever there is"])
def test_a_change_between_the_look_and_the_write_is_not_lost(
    database: Live, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    really = versions.stored

    def overtaken(*arguments: Any, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr(versions, "stored", really)
        seen = really(*arguments, **options)
        preferences.save(database, by="anna", automatic=False)
        return seen

    monkeypatch.setattr(versions, "stored", overtaken)
    if named:
        with pytest.raises(BadInput, match="changed meanwhile"):
            preferences.save(database, version=0, by="ben", interval_hours=9)
    else:
        preferences.save(database, by="ben", interval_hours=9)

    loaded = preferences.load(database, DEFAULTS)
    assert (loaded.automatic, loaded.interval_hours, loaded.version) == ((False, 1.0, 1) if named else (False, 9.0, 2))


def test_what_an_option_says_counts_above_what_is_stored(database: Live) -> None:
    preferences.save(database, backup_cron=EARLY, verify_cron=EARLY)

    loaded = preferences.load(database, DEFAULTS, {"backup": NIGHTLY, "time_zone": "Europe/Berlin", "drill": ""})

    assert (loaded.backup_cron, loaded.verify_cron, loaded.drill_cron) == (NIGHTLY, EARLY, "")
    assert loaded.time_zone == "Europe/Berlin"


def test_without_days_and_cron_text_nothing_is_rehearsed() -> None:
    assert Preferences(drill_every_days=0).drills is None
    assert Preferences(drill_every_days=0, drill_cron=NIGHTLY).drills == Schedule(0, Cron(NIGHTLY))
    assert Preferences(drill_every_days=7).drills == Schedule(168)


def test_a_database_in_memory_keeps_them_as_well() -> None:
    demo = mongomock.MongoClient()["demo"]
    preferences.save(demo, by="anna", at=NOON, automatic=False)
    preferences.save(demo, version=1, by="ben", at=NOON, backup_cron=NIGHTLY)

    assert preferences.load(demo, DEFAULTS).version == 2
    assert [version.by for version in preferences.history(demo)] == ["ben", "anna"]
    with pytest.raises(BadInput, match="meanwhile by"):
        preferences.save(demo, version=1, automatic=True)
