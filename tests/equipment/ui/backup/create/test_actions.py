"""What can be done with the chosen backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.csv_format import age
from equipment import backups, settings
from equipment.backups import CHECKING, NOBODY
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


def page() -> None:
    """The actions on the newest set; the check of the role fails when the test says so."""
    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment import backups
    from equipment.caller import Caller
    from equipment.ui.backup.create import actions

    def check(action: str) -> None:
        if st.session_state.refused:
            raise AdminOnly(f"{action} needs the role admin")

    (system,) = backups._built.values()
    actions.show(system, Caller("ada", check), system._workspace.catalog.sets()[-1])


@pytest.fixture
def system(
    shared_mongod: Mongod, database: Db, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[backups.Backups]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path,
                      backup_recipients=getattr(request, "param", ""))
    with settings.use(chosen):
        system = backups.of(chosen, lambda: database)
        assert system.engine.create(1, force=True).set is not None
        yield system
        backups.stop()


def commented(text: str, *, refused: bool = False) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["refused"] = refused
    test.run()
    test.text_input[0].set_value(text)
    next(button for button in test.button if button.label == "Save comment").click().run()
    assert not test.exception
    return test


def test_a_comment_is_saved_and_shown_as_text(system: backups.Backups) -> None:
    test = commented("before the **move** [x](http://evil.example)")

    assert system._workspace.catalog.sets()[-1].comment == "before the **move** [x](http://evil.example)"
    assert test.text_input[0].value == "before the **move** [x](http://evil.example)"
    assert any("before the \\*\\*move\\*\\* \\[x\\]" in shown.value for shown in test.markdown)
    assert not any("http://evil" in str(shown.value) for shown in (*test.markdown, *test.caption))


def test_who_may_not_pin_may_not_comment(system: backups.Backups) -> None:
    test = commented("x", refused=True)

    assert ["Admin only" in error.value for error in test.error] == [True]
    assert system._workspace.catalog.sets()[-1].comment == ""


@pytest.mark.parametrize("system", [age.public_half(age.new_identity())], indirect=True, ids=["encrypted"])
def test_of_an_encrypted_backup_it_is_said_beside_the_field(system: backups.Backups) -> None:
    test = commented("readable")

    assert [caption.value for caption in test.caption if "not encrypted" in caption.value]


def bar(system: backups.Backups, label: str = "") -> AppTest:
    """Draw the actions of that set, or of none."""
    def page() -> None:
        import streamlit as st

        from equipment import backups
        from equipment.caller import NOBODY
        from equipment.ui.backup.create import actions

        (system,) = backups._built.values()
        chosen = [backup for backup in system.sets(NOBODY) if backup.label == st.session_state.label]
        actions.show(system, NOBODY, chosen[0] if chosen else None)

    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["label"] = label
    test.run()
    assert not test.exception
    return test


def test_without_a_chosen_backup_nothing_can_be_pressed(system: backups.Backups) -> None:
    test = bar(system)

    labels = ["Restore this", "Download", "Verify", "Pin", "Comment", "Delete"]
    assert [(button.label, button.disabled) for button in test.button] == [(label, True) for label in labels]


def test_restore_this_opens_restore_data_with_that_backup(system: backups.Backups) -> None:
    system.engine.create(1, force=True)
    _, older = system.sets(NOBODY)
    test = bar(system, older.label)
    test.session_state["restore_place"] = "disk"
    next(button for button in test.button if button.label == "Restore this").click().run()

    assert test.session_state["backup_tab"] == "Restore Data"
    assert test.session_state["restore_place"] == "This folder"
    assert test.session_state["restore_day_"] == older.day
    assert test.session_state[f"restore_set__{older.day}"].label == older.label


def test_a_set_is_pinned_and_verified_from_there(system: backups.Backups) -> None:
    (made,) = system.sets(NOBODY)
    next(button for button in bar(system, made.label).button if button.label == "Pin").click().run()
    test = bar(system, made.label)
    assert "Unpin" in [button.label for button in test.button]

    next(button for button in test.button if button.label == "Verify").click().run()
    job = system.jobs.latest(CHECKING)
    assert job is not None and job.done.wait(60) and job.error is None
    assert [message.value for message in bar(system, made.label).success], "what was found stands beside the set"
