"""What the menu tells of an installation, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from equipment.settings import Settings
from equipment.store.access import Account, Who
from equipment.ui.context import App
from equipment.ui.help import menu


@pytest.mark.parametrize(("role", "told"), [("admin", True), ("manager", False), ("user", False)])
def test_only_administrators_are_told_the_options(database: Database[dict[str, Any]], role: Any, told: bool) -> None:
    settings = Settings.model_validate({"backup_interval_hours": 3})
    app = App(settings, database, Who("s", "Ada", "192.0.2.1"), Account("ada", "Ada", role))

    text = menu.told(app)

    assert f"Role: {role}" in text and "MongoDB " in text
    assert ("BACKUP_INTERVAL_HOURS: 3.0" in text) is told
    assert "Ada" not in text and database.name not in text
