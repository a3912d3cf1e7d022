"""What arrives: told once, kept over a restart, by one process, and never by a copy that stands by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import Check
from backup_engine.ownership import standby
from equipment.messages import messenger as module
from equipment.messages.messenger import Messenger
from equipment.messages.state import State
from equipment.settings import Settings
from equipment.store.access import SYSTEM, USERS
from equipment.store.messages import TOLD, choose
from tests.equipment.messages.place import START, Place, build
from tests.equipment.messages.servers import http_server

Db = Database[dict[str, Any]]
GOLDEN = Path(__file__).parent / "golden" / "day.txt"


@pytest.fixture
def place(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    database["Equipment"].insert_many([{"_id": number, "ID": number, "Location": "Lab"} for number in range(3)])
    yield from build(database, tmp_path, monkeypatch)


def test_nothing_is_said_while_nothing_is_wrong(place: Place) -> None:
    place.backup()
    assert [place.look(30) for _ in range(4)] == [[]] * 4


def test_a_machine_that_was_off_makes_its_backup_first(place: Place) -> None:
    place.backup()
    place.look()
    place.messenger = place.another()
    assert place.look(5 * 60) == []
    place.backup()
    assert place.look(1) == []


def test_a_restart_repeats_nothing_and_forgets_nothing(place: Place) -> None:
    place.backup()
    assert place.look() == []
    place.full = True
    assert place.look(1) == ["mail: The disk is nearly full", "chat: The disk is nearly full"]
    place.messenger = place.another()
    assert place.look(1) == []
    place.full = False
    place.messenger = place.another()
    assert place.look(1) == ["mail: There is room on the disk again", "chat: There is room on the disk again"]


def test_a_database_that_is_away_is_told_once_over_a_restart(place: Place) -> None:
    place.backup()
    assert place.look() == []
    place.down = True
    assert place.look(1) == []
    place.messenger = place.another()
    assert place.look(2) == ["mail: The database cannot be reached", "chat: The database cannot be reached"]
    place.messenger = place.another()
    assert place.look(2) == []
    place.down = False
    assert place.look(1) == ["mail: The database is reached again", "chat: The database is reached again"]
    assert place.database[TOLD].find_one()["turn"] > 3  # type: ignore[index]


def test_recipients_are_known_with_the_database_down(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "channels", lambda settings, choices: seen.append(choices.mail_to) or {})
    choose(place.database, SYSTEM, {"mail_to": ["ada@example.org"]}, 0, "")
    place.look()
    place.down = True
    place.messenger = place.another()
    place.look(1)
    assert seen == [("ada@example.org",)] * 2


def test_only_the_leader_tells_and_its_successor_goes_on(place: Place) -> None:
    place.backup()
    place.look()
    place.full, place.leads = True, False
    assert place.look(1) == []
    place.leads = True
    assert len(place.look(1)) == 2
    other = place.another()  # of another host: it has nothing but the database
    other._keeping._path = place.folder / "elsewhere" / "messages.json"
    place.messenger = other
    assert place.look(1) == []


def test_two_leaders_after_a_network_split_tell_once(place: Place) -> None:
    place.backup()
    place.look()
    one, other = place.messenger, place.another()
    other._keeping._path = place.folder / "elsewhere" / "messages.json"
    place.full = True
    load = other._keeping.load
    stale = load(place.database)
    place.now += timedelta(minutes=1)
    one.tick()

    def read_before_the_first_one_kept_its_own(database: Db | None) -> State:
        other._keeping.load = load  # type: ignore[method-assign]
        return stale

    other._keeping.load = read_before_the_first_one_kept_its_own  # type: ignore[method-assign]
    other.tick()
    assert [name for name, _ in place.got] == ["mail", "chat"]


def test_a_copy_that_stands_by_tells_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.full = True
    copy = standby.Standby("other", "db", "label", "a disk", START)
    monkeypatch.setattr(type(place.scheduler), "standby", property(lambda scheduler: copy))
    assert place.look(10) == []
    assert place.database[TOLD].find_one() is None


def test_a_channel_that_is_away_gets_everything_in_one_message(place: Place) -> None:
    place.backup()
    place.look()
    place.answers = {"mail": "no answer within 30 s"}
    place.full = True
    assert place.look(1) == ["chat: The disk is nearly full"]
    place.note("backup.undo")
    place.full = False
    assert place.look(2) == ["chat: There is room on the disk again"]
    place.answers = {}
    assert place.look(10) == ["mail: 1 new, 1 over, 1 done"]
    assert place.look(10) == []


def test_severity_decides_who_hears_what(place: Place) -> None:
    place.backup()
    place.look()
    place.database[USERS].insert_one({"_id": "bob", "state": "pending"})
    assert place.look(1) == ["mail: Somebody waits for an account"]
    place.channels["mail"] = "error"
    place.database[USERS].delete_many({})
    assert place.look(1) == []


def test_what_is_switched_off_is_not_told(place: Place) -> None:
    place.backup()
    place.look()
    choose(place.database, SYSTEM, {"off": ["disk"]}, 0, "")
    place.full = True
    assert place.look(1) == []


def test_ten_thousand_restores_are_one_message(place: Place) -> None:
    place.backup()
    place.look()
    for _ in range(100):
        place.note("backup.undo")
    assert place.look(1) == ["mail: 100 done"]


def test_the_weekly_messages(place: Place) -> None:
    place.database["Equipment"].update_one({"_id": 1}, {"$set": {"Next Cal Date": "10/11/2026"}})
    place.database["equipment_columns"].insert_one({"_id": "Next Cal Date", "date_order": "day/month"})
    choose(place.database, SYSTEM, {"calibration": True}, 0, "")
    assert place.look() == []
    place.now = START + timedelta(hours=6, minutes=50)
    place.backup()
    place.channels["chat"] = "info"
    assert place.look(5) == []
    assert place.look(5) == ["mail: Weekly summary", "mail: Calibration: 1 overdue, 0 due within 30 days",
                             "chat: Weekly summary"]
    assert place.look(5) == []
    summary = next(message for _, message in place.got if "Weekly" in message.subject)
    assert summary.text.splitlines()[:6] == [
        "Backups of the last 7 days: 1, of all times: 1, damaged: 0.",
        "Newest good backup: 2026-11-23 06:50 UTC (3 in equipment, 0 in select_options).",
        "Last restore drill that succeeded: none yet.", "Off this machine: no place.", "Told in this week: nothing.",
        "Wrong now: nothing."]


def test_a_fault_in_a_weekly_message_silences_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.backup()
    place.look()
    monkeypatch.setattr(module.weekly, "summary", lambda *arguments: 1 / 0)
    place.full = True
    place.now = START + timedelta(hours=7)
    place.backup()
    assert place.look() == ["mail: The disk is nearly full", "chat: The disk is nearly full"]


def test_the_dead_man_url_hears_of_backups_made_by_themselves(place: Place) -> None:
    with http_server() as (port, asked):
        settings = place.settings.model_copy(update={"dead_man_url": _secret(f"http://127.0.0.1:{port}/KEY")})
        messenger = Messenger(settings, place.scheduler, leads=lambda: False, tick_seconds=60)
        messenger.start()
        assert place.scheduler.check("scheduled").result == "created"
        assert place.scheduler.check("scheduled").result == "not needed"
        place.now += timedelta(hours=2)
        place.down = True
        assert place.scheduler.check("scheduled").result == "failed"
        place.down = False
        assert place.scheduler.check("manual").result == "created"
        messenger.stop()
    assert [path for _, path, _ in asked.requests] == ["/KEY/start", "/KEY", "/KEY/start", "/KEY/fail"]


def test_a_folder_that_cannot_be_read_is_a_failure_and_no_fault(place: Place) -> None:
    told: list[str] = []
    place.scheduler.begun = lambda: told.append("start") or (lambda check: told.append(check.result))
    (place.folder / "sets").parent.mkdir(exist_ok=True)
    (place.folder / "sets").write_text("no folder")
    assert place.scheduler.check("scheduled").result == "failed"
    assert told == ["start", "failed"]


def _secret(text: str) -> Any:
    return Settings(dead_man_url=text, dead_man_plain_http=True).dead_man_url  # type: ignore[arg-type]


def test_a_day(place: Place) -> None:
    """Faults by the clock, a look every ten minutes; what is sent stands in a table."""
    script: dict[str, Any] = {
        "00:00": place.backup, "02:30": place.backup, "03:00": lambda: setattr(place, "down", True),
        "03:40": lambda: setattr(place, "down", False), "04:00": place.backup,
        "05:00": lambda: place.note("backup.auto.failed", "Not enough disk space: /srv/x of ID 7"),
        "05:10": lambda: setattr(place, "full", True), "08:00": lambda: place.note(
            "backup.replace", "Restore completed successfully: 3 records in Equipment, as of backup x."),
        "09:00": lambda: place.answers.update(mail="away"),
        "10:00": lambda: place.database[USERS].insert_one({"_id": "bob", "state": "pending"}),
        "12:30": lambda: place.answers.clear(), "13:00": lambda: (setattr(place, "full", False), place.backup()),
        "14:00": lambda: place.note("backup.create"), "15:00": lambda: place.database[USERS].delete_many({}),
    }
    lines = []
    for _ in range(144):
        clock = f"{place.now:%H:%M}"
        if clock in script:
            script.pop(clock)()
        lines += [f"{clock}  {words}" for words in place.look()]
        place.now += timedelta(minutes=10)
    assert script == {}
    assert "\n".join([*lines, ""]) == GOLDEN.read_text("utf-8")


def test_a_check_that_found_another_at_work_reports_nothing(place: Place) -> None:
    place.backup()
    told: list[str] = []
    messenger = place.another()
    messenger.dead_man = type("Man", (), {"tell": staticmethod(told.append)})()  # type: ignore[assignment]
    ended = messenger._begun()
    busy = Check("not needed", "A backup is already running", "scheduled", place.now, place.now)
    ended(busy)
    assert told == ["start", "success"]  # the one that was made meanwhile
    place.now += timedelta(hours=2)
    messenger._begun()(replace(busy))
    assert told[2:] == ["start"]
