"""The badge of an installation: what it finds out, and that every page sees the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.remotes import queue
from backup_engine.repository import ledger
from equipment import schedules, settings
from equipment.backups import NOBODY, Backups, Caller
from equipment.glance import Glance
from equipment.ui.backup import badge
from equipment.ui.backup.badge import Badge
from tests.backup_engine.sets import NOW, make_set
from tests.equipment.ui.backup.place import wait_for_looks

Db = Database[dict[str, Any]]


@pytest.fixture
def options() -> dict[str, Any]:
    return {"backup_remote": "cloud=sftp://me@nas.example.org/lab"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_looks(monkeypatch, badge, badge.Slow)


def shown(place: Backups, monkeypatch: pytest.MonkeyPatch) -> Badge:
    monkeypatch.setattr(badge.application, "connector", lambda _: None)
    app: Any = SimpleNamespace(settings=settings.get_settings())
    place.risk.forget()
    return badge.of(app)


def make(place: Backups) -> Any:
    made = place.engine.create(force=True).set
    assert made is not None
    return made


def test_from_no_backup_to_green_and_what_is_lost_on_the_way(
    place: Backups, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (shown(place, monkeypatch).level, shown(place, monkeypatch).text) == ("due", "No backup yet")
    made = make(place)
    assert shown(place, monkeypatch).text == "Backup just now, only on this machine"
    queue.write(place.engine.workspace.storage, "cloud", queue.Line(sent={made.backup_id: "", made.companion: ""}))
    assert shown(place, monkeypatch) == Badge("Backup just now, nothing changed since", "ok", ("Verified: read back.",))

    database["Equipment"].insert_many([{"_id": 100 + number} for number in range(470)])

    assert (shown(place, monkeypatch).level, shown(place, monkeypatch).text) == ("due", "470 changes not backed up")


def test_an_empty_backup_is_not_one_of_the_list(
    place: Backups, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["Equipment"].delete_many({})
    make(place)
    assert shown(place, monkeypatch).text == "Backup just now, the newest backup is empty"

    database["Equipment"].insert_one({"_id": 1})

    assert shown(place, monkeypatch).text == "The newest backup is empty, and the list is not"
    make(place)
    database["Equipment"].delete_many({})
    make(place)
    assert (shown(place, monkeypatch).level, shown(place, monkeypatch).text) == ("due", "The newest backup is empty")


def test_switched_off_it_says_since_when_and_by_whom_on_every_page(
    place: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(place)
    schedules.change(place, Caller("ada", lambda _: None), automatic=False)
    changed = place.scheduler.preferences.changed["automatic"]

    found = shown(place, monkeypatch)

    assert found.level == "due"
    assert found.text == f"Automatic backups are off since {changed.at.astimezone():%Y-%m-%d %H:%M}, by ada"
    assert "Only on this machine." in found.more


def test_what_a_verification_found_is_red_and_where_it_was_found(
    place: Backups, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = make(place)
    database["Equipment"].insert_one({"_id": 1000})
    newest = make(place)
    storage = place.engine.workspace.storage
    ledger.remember(storage, newest, 2, False, place.now())
    found = shown(place, monkeypatch)
    assert (found.level, found.text) == ("alarm", "The newest backup is damaged")

    ledger.remember(storage, newest, 2, True, place.now())
    ledger.remember(storage, older, 2, False, place.now())
    assert newest.base is None
    assert shown(place, monkeypatch).text == "1 older backup damaged"


def test_a_remote_that_takes_nothing_is_named(place: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    make(place)
    line = queue.Line()
    line.failed("away", place.now())
    queue.write(place.engine.workspace.storage, "cloud", line)

    assert (shown(place, monkeypatch).level, shown(place, monkeypatch).text) == ("due", "Remote cloud is in trouble")


def test_no_page_looks_again_within_seconds(
    place: Backups, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(badge, "Glance", lambda: Glance[badge.Slow](every=3600, wait=30))
    make(place)
    looks = list[int]()
    before = badge._slow
    monkeypatch.setattr(badge, "_slow", lambda here: (looks.append(1), before(here))[1])

    assert len({shown(place, monkeypatch).text for _ in range(5)}) == 1
    assert len(looks) == 1
    assert schedules.shown(place, NOBODY).preferences.automatic


def test_damage_of_what_the_newest_rests_on_is_damage_of_the_newest() -> None:
    sets = [make_set(n, NOW, kind=kind, base=base) for n, kind, base in (
        (1, "full", None), (2, "full", None), (3, "differential", "set-2"), (4, "full", None))]

    assert [badge.reaches(sets[2], [damaged]) for damaged in sets] == [False, True, True, True]
    assert not badge.reaches(None, sets)
