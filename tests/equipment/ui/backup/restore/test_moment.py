"""Choosing a backup by a moment."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from equipment import backups as processes, continuous, settings
from equipment.backups import NOBODY
from equipment.ui.backup.restore.moment import _choose
from tests.equipment.ui.backup.test_tab import installation, run  # noqa: F401 - a fixture


def choice() -> None:
    import streamlit as st

    from equipment.backups import NOBODY, _built
    from equipment.ui.backup.restore import choose
    from equipment.ui.backup.restore.place import HERE

    chosen = choose.show(next(iter(_built.values())), NOBODY, HERE)
    st.text(chosen.label if chosen else "none")


@pytest.mark.usefixtures("installation")
def test_a_moment_selects_the_newest_good_backup_before_it() -> None:
    from pymongo import MongoClient

    chosen = settings.get_settings()
    database = MongoClient(chosen.mongodb_uri.get_secret_value())[chosen.mongodb_database]
    here = processes.of(chosen, lambda: database)
    days = [datetime(2026, 11, day, 11, minute).astimezone() for day in (24, 26) for minute in (58, 59)]
    for day in days:
        object.__setattr__(here.engine.workspace, "clock", lambda day=day: day)
        here.engine.create_backup(force=True)
    test = run(choice)
    assert test.text[0].value == "20261126_115900"

    test.date_input[0].set_value(date(2026, 11, 25))
    test.time_input[0].set_value(time(8, 0))
    test.button(key="restore_moment").click().run()
    assert test.text[0].value == "20261124_115900"
    assert test.selectbox(key="restore_day_").value == "tuesday"

    test.date_input[0].set_value(date(2026, 11, 1))
    test.button(key="restore_moment").click().run()
    assert test.text[0].value == "20261124_115900", "it stays as it was"
    assert "no good backup was made at 2026-11-01 08:00:00" in test.warning[0].value.replace("\\", "")
    assert not test.run().warning


def test_a_date_that_this_machine_cannot_turn_into_local_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def beyond(*_: object) -> None:
        raise OverflowError("timestamp out of range")

    monkeypatch.setattr(continuous, "at", beyond)
    here: Any = None
    assert "beyond what" in _choose(here, NOBODY, [], date.max, time(23), lambda _: None)
