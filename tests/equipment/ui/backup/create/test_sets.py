"""What can be done to one backup in the table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.csv_format import age
from equipment import backups, settings
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


def page() -> None:
    """The actions on the newest set; the check of the role fails when the test says so."""
    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment import backups
    from equipment.caller import Caller
    from equipment.ui.backup.create import sets

    def check(action: str) -> None:
        if st.session_state.refused:
            raise AdminOnly(f"{action} needs the role admin")

    (system,) = backups._built.values()
    sets._actions(system, Caller("ada", check), system._workspace.catalog.sets()[-1])


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
    assert not any("evil.example" in str(shown.value) for shown in (*test.markdown, *test.caption))


def test_who_may_not_pin_may_not_comment(system: backups.Backups) -> None:
    test = commented("x", refused=True)

    assert ["Admin only" in error.value for error in test.error] == [True]
    assert system._workspace.catalog.sets()[-1].comment == ""


@pytest.mark.parametrize("system", [age.public_half(age.new_identity())], indirect=True, ids=["encrypted"])
def test_of_an_encrypted_backup_it_is_said_beside_the_field(system: backups.Backups) -> None:
    test = commented("readable")

    assert [caption.value for caption in test.caption if "not encrypted" in caption.value]
