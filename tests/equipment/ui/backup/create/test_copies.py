"""The line about copies on Create Backup."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.remotes import queue
from equipment import copies
from equipment.backups import Backups
from tests.equipment.ui.backup.place import opened, wait_for_looks


@pytest.fixture
def options() -> dict[str, Any]:
    return {"backup_remote": "cloud=sftp://me@nas.example.org/lab"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_looks(monkeypatch, copies, copies.Survey)


def line(test: AppTest) -> str:
    (found,) = [each.label for each in test.expander if "3-2-1" in each.label]
    return found.replace("\\", "").partition("** ")[2]


def rows(test: AppTest) -> list[str]:
    return [each.value.partition(" (")[0] + each.value.partition(")")[2] for each in test.text]


def test_it_says_how_many_copies_there_are_and_which_is_missing(place: Backups) -> None:
    misses = "a good backup in the backup folder and a backup on another machine"
    assert line(opened("create.copies")) == f"1 copy in 1 place, this machine. Missing: {misses}."
    made = place.engine.create(force=True).set
    assert made is not None

    test = opened("create.copies")

    assert line(test) == "2 copies in 1 place, all on this machine. Missing: a backup on another machine."
    assert rows(test) == [
        "The list itself, in the database on this machine",
        "Backup folder, on the same disk; newest just made; verified: read back when it was made; not encrypted",
        "cloud, on another machine; not counted, because nothing is there yet"]
    assert "two places" in test.caption[0].value
    queue.write(place.engine.workspace.storage, "cloud", queue.Line(
        sent={made.backup_id: "", made.companion: ""}, read_back=place.now()))

    test = opened("create.copies")

    assert line(test) == "3 copies in 2 places, 1 of the copies on another machine. Nothing is missing."
    assert rows(test)[2] == "cloud, on another machine; newest just made; last read back today; not encrypted"


def test_it_stands_on_create_backup(place: Backups) -> None:
    assert line(opened("create.screen")).startswith("1 copy")


def test_while_it_is_being_looked_at_the_page_says_so(place: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "survey", lambda *_: None)

    assert "still being looked at" in opened("create.copies").caption[0].value
