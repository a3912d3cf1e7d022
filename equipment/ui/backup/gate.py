"""Who is at the Backup & Restore tab, in this app or in somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from pymongo.errors import PyMongoError

from backup_engine.errors import AdminOnly, DatabaseUnreachable
from equipment.backups import Caller
from equipment.domain.roles import allows
from equipment.store.access import Who, require
from equipment.ui.backup import keys
from equipment.ui.context import App


def caller_of(app: Any) -> Caller:
    """Give the caller for ``app``.

    Our own ``App`` is checked against the session and user documents every time. Another app decides by its
    ``current_user() -> (name, role)``; one without it by ``st.session_state.user_role``.
    """
    if isinstance(app, App):
        return Caller(app.account.name, _database_check(app), app.who, own_app=True, keys=keys.held())
    name, _ = _foreign_user(app)
    return Caller(name, _foreign_check(app), Who("foreign", name), keys=keys.held())


def _database_check(app: App) -> Callable[[str], object]:
    def check(action: str) -> object:
        try:
            return require(app.database, app.who, action)
        except (DatabaseUnreachable, PyMongoError):
            # With the database down an admin who is signed in may still look at the backups on disk.
            if action == "backup.see" and app.account.may(action):
                return app.account
            raise

    return check


def _foreign_user(app: Any) -> tuple[str, str]:
    if hasattr(app, "current_user"):
        name, role = app.current_user()
        return str(name), str(role)
    return str(st.session_state.get("username", "admin")), str(st.session_state.get("user_role", ""))


def _foreign_check(app: Any) -> Callable[[str], object]:
    def check(action: str) -> object:
        name, role = _foreign_user(app)
        if not allows(role, action):
            raise AdminOnly("this needs the role admin")
        return name

    return check
