"""When a click that could run a part of the page alone runs the whole page all the same."""

from __future__ import annotations

import time
from pathlib import Path

import mongomock
import pytest

from equipment.settings import Settings
from equipment.store.access import Account, Who
from equipment.ui import fragment
from equipment.ui.context import App


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr("equipment.ui.context.can_write", lambda _: True)
    settings = Settings(data_folder=tmp_path, backup_folder=tmp_path, embedded_database=False)
    return App(settings, mongomock.MongoClient()["lab"], Who("s", "Ada"), Account("ada", "Ada", "user"), demo=True)


def test_a_header_that_was_drawn_just_now_stays(app: App) -> None:
    assert not fragment.Around(app.read_only, time.monotonic()).is_old(app)


def test_a_whole_page_notes_when_it_was_drawn(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    state = dict[str, fragment.Around]()
    monkeypatch.setattr(fragment.st, "session_state", state)

    fragment.drawn_around(app)

    (noted,) = state.values()
    assert noted.read_only is app.read_only and not noted.is_old(app)


def test_a_header_of_a_minute_ago_is_drawn_anew(app: App) -> None:
    assert fragment.Around(app.read_only, time.monotonic() - fragment.MOST_SECONDS - 1).is_old(app)


def test_so_it_is_when_the_list_takes_no_changes_any_more(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    around = fragment.Around(app.read_only, time.monotonic())
    monkeypatch.setattr("equipment.ui.context.can_write", lambda _: False)

    assert around.is_old(app)
