"""Delete asks first, names what goes and why some may not, and a second click is none."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.model import BackupSet
from equipment.backups import NOBODY, Backups
from equipment.ui.backup.create import deleting
from tests.equipment.ui.backup.place import said


def page() -> None:
    """The question about the set that the session names."""
    import streamlit as st

    from equipment.backups import NOBODY, _built
    from equipment.ui.backup.create import deleting

    (here,) = _built.values()
    found = [backup for backup in here.sets(NOBODY) if backup.label == st.session_state.label]
    if found:
        deleting._ask(here, NOBODY, found[0])
    else:
        st.write("It is gone.")


def asked(backup: BackupSet) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["label"] = backup.label
    test.run()
    assert not test.exception
    return test


def made(place: Backups) -> tuple[BackupSet, BackupSet]:
    for _ in range(2):
        place.engine.create(force=True)
    newest, older = place.sets(NOBODY)
    return newest, older


def test_it_names_what_goes_and_deletes_it(place: Backups) -> None:
    _, older = made(place)
    place.comment(NOBODY, older, "before the move")
    test = asked(older)
    assert older.started.astimezone().strftime("%H:%M:%S") in said(test) and "3 equipment" in said(test)
    assert [text.value for text in test.text] == ["before the move"]

    test.button(key="backup_delete_now").click().run()

    assert [backup.label for backup in place.sets(NOBODY)] != [] and older.label not in {
        backup.label for backup in place.sets(NOBODY)}


def test_cancel_deletes_nothing(place: Backups) -> None:
    _, older = made(place)

    asked(older).button(key="backup_delete_cancel").click().run()

    assert len(place.sets(NOBODY)) == 2


def test_the_second_of_two_clicks_does_nothing(place: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    _, older = made(place)
    deleted: list[Any] = []
    monkeypatch.setattr(Backups, "delete", lambda _, caller, backup: deleted.append(backup))
    test = asked(older)

    for _ in range(2):
        test.button(key="backup_delete_now").click().run()

    assert [backup.label for backup in deleted] == [older.label]


def test_why_one_stays(place: Backups) -> None:
    newest, older = made(place)
    assert deleting.refused(place, older) == ""
    assert deleting.refused(place, newest) == "It is the newest good backup, which is never deleted."
    place.pin(NOBODY, older, True)
    (pinned,) = [backup for backup in place.sets(NOBODY) if backup.label == older.label]
    test = asked(pinned)

    assert test.button(key="backup_delete_now").disabled
    assert [warning.value for warning in test.warning] == ["It is pinned. Unpin it first."]
