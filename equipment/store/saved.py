"""Which of the application's collections are saved with every backup, beside the list, and which are not.

The names stand here as text: the command line needs them at every start, and their modules load much more. A test
compares them with those modules, and with every name of a collection in the store's code.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import bson

from backup_engine.model import Application, Source, TakenBack
from equipment.settings import Settings, not_given

__all__ = ["APPLICATION_DATA", "NOT_SAVED", "SAVED", "application_of"]

SAVED: Final = (
    Source("users", "equipment_users"), Source("settings", "equipment_settings"), Source("views", "equipment_views"),
    Source("columns", "equipment_columns"), Source("deleted_columns", "equipment_deleted_columns"),
    Source("trash", "Equipment_trash"), Source("activity", "equipment_activity"), Source("loans", "equipment_loans"),
    Source("stocktakings", "equipment_stocktakings"),
    Source("events", "equipment_events"), Source("plans", "equipment_plans"),
    Source("files", "equipment_files"), Source("file_parts", "equipment_bytes.chunks"),
    Source("file_lengths", "equipment_bytes.files"),
)
NOT_SAVED: Final = {
    "equipment_sessions": "a sign-in ends with its server",
    "equipment_attempts": "waits after failed sign-ins, forgotten after a day",
    "equipment_password_links": "links to choose a password: one that was used would work again",
    "equipment_calendar_links": "addresses of calendars: one that was taken back would work again",
    "equipment_tokens": "what programs act with: one that was revoked would work again",
    "equipment_reserved_ids": "numbers held for the seconds in which records are added",
    "equipment_undo": "what records were before deeds that can be undone: backups have them themselves",
    "equipment_work": "how far a backup or restore is, while it runs",
    "equipment_messages": "what was told to whom by this database: a copy has told nobody",
    "equipment_list_index": "which files of the list's index were made of this database: a copy has none",
    "backup_restore_state": "who this database is: a copy must not take itself for the original",
    "backup_restore_journal": "what restores of this database are doing",
}
"""The others, and why."""


def _take_back(*arguments: Any, **options: Any) -> TakenBack:
    from equipment.store.taking_back import take_back  # only whoever restores needs it

    return take_back(*arguments, **options)


def _counts(key: str, document: bytes) -> bool:
    """Entries about backups are made by backups: if they counted, there would always be something to save."""
    return key != "activity" or not str(bson.decode(document).get("action", "")).startswith("backup.")


APPLICATION_DATA: Final = Application(SAVED, "accounts, settings, trash and activity", _take_back, _counts)
"""What the backup engine is told of this application."""


def application_of(settings: Settings) -> Application:
    """The same, and what this installation has not been told."""
    return replace(APPLICATION_DATA, not_given=lambda: not_given(settings))
