"""How many requests wait: for administrators, at once after a decision, and not asked for every page."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.settings import Settings
from equipment.store import messages
from equipment.store.access import SYSTEM, Account, Who
from equipment.store.accounts import users
from equipment.ui.context import App
from equipment.ui.people import waiting

Db = Database[dict[str, Any]]


def app_of(database: Db, role: Any = "admin") -> App:
    users.insert(database, users.new_document(f"Eve {role}", "user", "pending", by="sign-up"))
    return App(Settings(), database, Who("s", "Ada", "192.0.2.1"), Account("ada", "Ada", role))


def test_only_who_decides_is_told(database: Db) -> None:
    waiting.decided()

    assert waiting.counted(app_of(database, "manager")) == 0
    assert waiting.counted(app_of(database)) == 2


def test_a_decision_is_counted_at_once_and_pages_in_between_ask_nothing(database: Db, monkeypatch: Any) -> None:
    waiting.decided()
    app, asked = app_of(database), list[int]()
    count = messages.waiting_sign_ups
    monkeypatch.setattr(messages, "waiting_sign_ups", lambda db: asked.append(1) or count(db))
    assert [waiting.counted(app) for _ in range(5)] == [1] * 5

    users.reject(database, SYSTEM, "eve admin", "no")
    waiting.decided()

    assert waiting.counted(app) == 0
    assert len(asked) == 2
