"""A record's timeline: live changes and every backup; any version can be restored, any field brought back."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from equipment.domain.history import Change, Event, difference, events
from equipment.domain.record import MISSING, text
from equipment.store import activity
from equipment.store.list import keys, records
from equipment.store.list.records import Entry, Save
from equipment.ui import boundary, time_zone
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.record import restored
from equipment.ui.records import state
from equipment.ui.records.table import brief

SHOWN: Final = 30
ICONS: Final = {"activity": "person", "backup": "inventory_2", "restore": "settings_backup_restore"}


def show(app: App, key: str, entry: Entry | None) -> None:
    """Draw the timeline, newest first."""
    timeline = events(entry.record if entry else {}, activity.of_target(app.database, keys.target(key), limit=SHOWN))
    with_backups = st.toggle(
        "With every backup",
        key=f"history_backups_{key}",
        help="Reads all backups on disk; the first look takes a moment.",
    )
    with boundary.guard("The restores of the list"):
        timeline += restored.events(app, created=min((event.at for event in timeline if event.created), default=None))
    if with_backups:
        with boundary.guard("The history in backups"), st.spinner("Reading backups"):
            timeline += importlib.import_module("equipment.ui.record.backup_history").events(app, key)
    timeline.sort(key=lambda event: event.at, reverse=True)
    if not timeline:
        st.caption("Nothing is recorded about it yet.")
    for number, event in enumerate(timeline):
        _event(app, entry, event, f"{key}_{number}")


def _event(app: App, entry: Entry | None, event: Event, key: str) -> None:
    with st.container(border=True, gap="xsmall"):
        when = time_zone.shown_time(event.at)
        st.markdown(f":material/{ICONS[event.source]}: **{plain(event.what)}** · {plain(event.who)} · :gray[{when}]")
        if event.note:
            st.caption(plain(event.note))
        for place, change in enumerate(() if event.created else event.changes[:SHOWN]):
            _change(app, entry, change, event, f"{key}_{place}")
        _version(app, entry, event, when, key)


def _version(app: App, entry: Entry | None, event: Event, when: str, key: str) -> None:
    if entry is None or event.record is None or not app.may("records.edit"):
        return
    fields = difference(entry.record, event.record)
    if fields and st.button("Restore this version", icon=":material/history:", key=f"version_{key}", type="tertiary"):
        _write(app, entry, fields, f"Restored the version of {when}")


def _change(app: App, entry: Entry | None, change: Change, event: Event, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"{plain(change.name)}: {brief(change.before, 120)} → **{brief(change.after, 120)}**",
                    width="stretch")
        if entry is None or not app.may("records.edit"):
            return
        now = {change.name: entry.record.get(change.name, MISSING)}
        words = f"Bring back {change.name}: {text(change.before)[:60] or 'empty'}"
        if difference(now, {change.name: change.before}) and st.button(
            "", icon=":material/undo:", key=f"field_{key}", type="tertiary", help=plain(words)
        ):
            _write(app, entry, {change.name: change.before}, f"Brought back {change.name}")


def _write(app: App, entry: Entry, fields: Mapping[str, Any], note: str) -> None:
    [done] = records.save(app.database, app.who, [Save(entry, fields)], note=note)
    if done.status == "conflict":
        st.toast("Someone has just changed this record; look again.", icon=":material/group:")
    elif done.status in ("updated", "unchanged"):
        st.toast(plain(note), icon=":material/history:")
    else:
        st.toast(plain(done.why), icon=":material/error:")
    state.current().refresh()
    st.rerun()


