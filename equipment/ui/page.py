"""The frame of every page: who is here, the line at the top, and below it the screen whose tab is open."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from backup_engine.errors import BadInput, DatabaseUnreachable
from equipment.logs import reference
from equipment.server import application, database
from equipment.server.metrics import page_times
from equipment.settings import Settings, get_settings
from equipment.ui import boundary, choose_database, database_down, fragment, header, low_space
from equipment.ui.context import App
from equipment.ui.parts import leave_question

__all__ = ["SCREENS", "preload", "show"]

log = logging.getLogger(__name__)

TITLE = "Equipment"
ICON = Path(__file__).with_name("icon.svg")


@dataclass(frozen=True)
class Screen:
    """One main tab: its label, the action that opens it, and the function that draws it, imported when first shown."""

    label: str
    action: str
    module: str
    function: str = "show"

    def draw(self, app: App) -> None:
        """Draw the screen inside its own error boundary."""
        with boundary.guard(self.label):
            getattr(importlib.import_module(self.module), self.function)(app)


SCREENS = (
    Screen("Equipment Records", "records.read", "equipment.ui.records"),
    Screen("Equipment Select Options", "records.read", "equipment.ui.options"),
    Screen("Backup & Restore", "backup.see", "backup_csv_for_db_restore", "backup_restore_ui"),
    Screen("User Management", "users.manage", "equipment.ui.users"),
    Screen("Activity", "activity.read", "equipment.ui.deeds"),
)


def preload() -> None:
    """Import every screen, so that no visitor waits for it; a screen that cannot be imported says so when opened."""
    for module in ("equipment.ui.entrance.login", *(screen.module for screen in SCREENS)):
        try:
            importlib.import_module(module)
        except ImportError:
            log.exception("%s cannot be imported", module)


def show() -> None:
    """Draw one rerun of the page."""
    with reference.request(), page_times.times.measured() as run:
        _show(run)


def _show(run: page_times.Run) -> None:
    st.set_page_config(page_title=TITLE, page_icon=str(ICON), layout="wide")
    try:
        settings = get_settings()
    except BadInput as error:
        boundary.explain(error)
        return
    if database.choose(settings) is database.Choice.NONE:
        choose_database.show()
        return
    try:
        db = database.connect(settings)
        application.prepare(settings, db)
    except DatabaseUnreachable as error:
        database_down.show(settings, error)
        return
    with boundary.guard("Sign-in"):
        app = _signed_in(settings, db)
        if app is not None:
            _draw(app, run)


def _signed_in(settings: Settings, db: database.Db) -> App | None:
    """Give the visitor's view, or draw the way to sign in."""
    from equipment.ui.entrance import again, login

    signed_in = login.current(db, settings)
    if signed_in is None:
        header.anonymous(TITLE, demo=database.choose(settings) is database.Choice.DEMO)
        login.show(db, settings)
        return None
    who, account = signed_in
    app = App(settings, db, who, account, demo=database.choose(settings) is database.Choice.DEMO)
    again.come_back(app)
    return app


def _draw(app: App, run: page_times.Run) -> None:
    database_down.remember(app)
    fragment.drawn_around(app)
    st.session_state.user_role = app.account.role
    screens = [screen for screen in SCREENS if app.may(screen.action)]
    tabs = header.show(app, TITLE, [screen.label for screen in screens])
    low_space.show(app)
    _ask_who(app)
    _check_backups(app)
    for screen, tab in zip(screens, tabs, strict=True):
        if tab.open:
            run.tab = screen.label
            screen.draw(app)
    _ask_before_leaving()


def _ask_who(app: App) -> None:
    with boundary.guard("The question who is there"):
        from equipment.ui.entrance import again

        again.show(app)


def _ask_before_leaving() -> None:
    """Let the browser ask while there are edits that nobody saved, whatever tab is open."""
    with boundary.guard("The question before leaving"):
        from equipment.ui.records import state

        if state.is_unsaved():
            leave_question.ask()


def _check_backups(app: App) -> None:
    with boundary.guard("The automatic backup"):
        from backup_csv_for_db_restore import integrate_auto_backup_into_main_app

        integrate_auto_backup_into_main_app(app)
