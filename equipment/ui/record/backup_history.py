"""The part of a record's timeline that comes from the backups on disk."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backup_engine.errors import KeyNeeded
from backup_engine.records import raw
from equipment import backups
from equipment.domain.history import Change, Event
from equipment.domain.record import MISSING
from equipment.server import application
from equipment.store.access import require
from equipment.store.list import raw_texts
from equipment.ui.backup import keys
from equipment.ui.backup.words import count
from equipment.ui.context import App
from equipment.ui.plain import plain


def events(app: App, key: str) -> list[Event]:
    """Read every backup for this record; equal versions in consecutive backups are one event.

    Raises ``BackupError`` when the backups cannot be read.
    """
    caller = backups.Caller(app.account.name, lambda action: require(app.database, app.who, action), app.who,
                            keys=keys.held())
    history = backups.of(app.settings, application.connector(app.settings)).history(caller, key)
    needing = [backup for backup, problem in history.unreadable if problem.startswith(KeyNeeded.opening)]
    if needing:
        st.caption(f":material/key: {count(len(needing), 'backup')} need the key: paste it under Backup & Restore, "
                   "Restore Data.")
    for backup, problem in history.unreadable:
        if backup in needing:
            continue
        st.caption(f":material/warning: Backup {backup.label} could not be read: {plain(problem)}")
    return [_event(version) for version in history.versions]


def _event(version: Any) -> Event:
    record = None if version.document is None else _decoded(version.document)
    same = f", the same in {version.sets} backups" if version.sets > 1 else ""
    what = "In a backup" if record is not None else "Not in this backup"
    changes = tuple(
        Change(raw.name_text(change.name), _value(change.before), _value(change.after)) for change in version.changes
    )
    return Event(version.first.started, f"backup {version.first.label}", what + same, "", changes, record, "backup")


def _value(element: bytes | None) -> Any:
    return MISSING if element is None else raw_texts.value_of(element)


def _decoded(document: bytes) -> dict[str, Any]:
    record = raw_texts.record_of(document)
    record.pop("_id", None)
    return record
