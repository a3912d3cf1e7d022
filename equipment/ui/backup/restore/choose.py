"""Choose a backup: by the day of the week, from all of them as one list, or by a moment."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backup_engine.api import BackupSet, Owner, called
from equipment.backups import Backups, Caller
from equipment.ui.backup import words
from equipment.ui.backup.restore import moment
from equipment.ui.backup.restore.place import Place

ALL = "All days"
SAID = 60
"""Characters of a comment that a choice shows."""
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def show(backups: Backups, caller: Caller, place: Place) -> BackupSet | None:
    """Draw the two choices; gives the chosen set, or None when there is none to choose."""
    sets = place.sets(backups, caller)
    theirs = [backup for backup in place.foreign_sets(backups, caller) if backup.usable]
    if theirs and st.toggle(f"Offer the {words.count(len(theirs), 'backup')} of other databases, too",
                            key="restore_foreign"):
        sets = sorted([*sets, *theirs], key=lambda backup: backup.started, reverse=True)
    usable = [backup for backup in sets if backup.usable]
    if not usable:
        _nothing(backups, caller, place, len(sets))
        return None
    day_column, moment_column, set_column = st.columns([2, 2, 6], vertical_alignment="bottom")
    with moment_column:  # before the other two, which it sets
        moment.show(backups, caller, usable, partial(_select, place))
    with day_column:
        day = _day(usable, place)
    offered = [backup for backup in usable if day in (ALL, backup.day)]
    with set_column:
        owner = backups.owner()
        return st.selectbox("Backup", offered, key=f"restore_set_{place.remote}_{day}",
                            format_func=lambda backup: words.title(backup) + _whose(owner, backup) + _said(backup))


def _select(place: Place, backup: BackupSet) -> None:
    st.session_state[f"restore_day_{place.remote}"] = backup.day
    st.session_state[f"restore_set_{place.remote}_{backup.day}"] = backup


def _said(backup: BackupSet) -> str:
    """The beginning of the comment: the choice is one line."""
    return f" · {backup.comment[:SAID]}{'…' if len(backup.comment) > SAID else ''}" if backup.comment else ""


def _whose(owner: Owner, backup: BackupSet) -> str:
    whose = {"foreign": "from database", "adopted": "adopted from"}.get(owner.relation(backup))
    return f" · {whose} {called(backup)}" if whose else ""


def _day(usable: list[BackupSet], place: Place) -> str:
    counts = {day: sum(backup.day == day for backup in usable) for day in DAYS}
    filled = [day for day in DAYS if counts[day]]
    names = {day: f"{day.title()} ({counts[day]})" for day in filled} | {ALL: f"{ALL} ({len(usable)})"}
    empty = [day.title() for day in DAYS if not counts[day]]
    key = f"restore_day_{place.remote}"
    if st.session_state.get(key) not in names:  # not as a default: a moment that is chosen sets it as well
        st.session_state[key] = usable[0].day
    return st.selectbox(
        "Day of week", [*filled, ALL], format_func=names.__getitem__,
        key=key, help=f"No backups on {', '.join(empty)}." if empty else None,
    )


def _nothing(backups: Backups, caller: Caller, place: Place, unusable: int) -> None:
    reason = f"{unusable} found, but damaged or made by a newer version" if unusable else "it is empty"
    st.info(f"No backups found in {place.remote or backups.place}: {reason}.", icon=":material/folder_open:")
    if place.remote:
        return
    if st.button("Create Backup Now", type="primary", icon=":material/backup:", disabled=backups.running()):
        backups.create(caller, force=True)
        st.rerun()
