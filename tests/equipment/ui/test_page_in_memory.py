"""The in-memory demo from the first click to a backup of its sample data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from equipment.server import database as connection
from equipment.settings import ROOT, Settings, get_settings, use
from equipment.store.list import samples
from tests.equipment.store.people import signed_in

TABS = ("Equipment Records", "Equipment Select Options", "Backup & Restore", "User Management", "Activity")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Settings]:
    """The demo with the sample data and a visitor who may do everything."""
    with use(Settings(embedded_database=False, backup_folder=tmp_path)):
        connection.start_demo()
        yield get_settings()
    connection.close()


@pytest.mark.parametrize("tab", TABS)
def test_every_screen_works_in_memory(demo: Settings, tab: str) -> None:
    db = connection.connect(demo)
    admin = signed_in(db, "admin")
    samples.load(db, admin, date(2026, 3, 29))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.session_state["_equipment_who"] = admin
    test.query_params["tab"] = tab

    test.run()

    assert "Demo data" in " ".join(str(part.value) for part in test.markdown)
    assert not [error.value for error in test.error]
    assert not test.exception
