"""Choose a backup: by the day of the week, from all of them as one list, or by a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from backup_engine.api import BackupSet, Owner, called
from equipment.backups import Backups, Caller
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.backup.restore import address, ages, moment
from equipment.ui.backup.restore.place import Place
from equipment.ui.plain import plain

ALL = "All days"
SAFETY = "Safety copies: the list before a restore"
"""A group of their own, of which none is ever chosen unasked: they hold what somebody wanted to get rid of."""
SAID = 60
"""Characters of a comment that a choice shows."""
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def show(backups: Backups, caller: Caller, place: Place) -> BackupSet | None:
    """Draw the choices; gives the chosen set, or None when there is none to choose."""
    sets = place.sets(backups, caller)
    theirs = [backup for backup in place.foreign_sets(backups, caller) if backup.usable]
    if theirs and st.toggle(f"Offer the {words.count(len(theirs), 'backup')} of other databases, too",
                            key="restore_foreign"):
        sets = sorted([*sets, *theirs], key=lambda backup: backup.started, reverse=True)
    usable = [backup for backup in sets if backup.usable]
    if not usable:
        _nothing(backups, caller, place, len(sets))
        return None
    if linked(caller, place) and (wanted := address.asked(usable)) is not None:
        select(place, wanted)
    day_column, moment_column, set_column = st.columns([3, 2, 6], vertical_alignment="bottom")
    with moment_column:  # before the other two, which it sets
        moment.show(backups, caller, usable, partial(select, place))
    with day_column:
        group = _choose_group(backups, usable, place)
    offered = [backup for backup in usable if group == _group_of(backup) or (group == ALL and not _is_safety(backup))]
    with set_column:
        owner = backups.owner()
        chosen: BackupSet | None = st.selectbox(
            SAFETY if group == SAFETY else "Backup", offered, index=None if group == SAFETY else 0,
            key=f"restore_set_{place.remote}_{group}", placeholder="Choose a safety copy",
            format_func=lambda backup: words.title(backup) + _whose(owner, backup) + _said(backup))
    ages.show(backups, caller, place, offered, chosen, partial(_choose, place, group))
    if caller.own_app:
        address.publish(chosen if linked(caller, place) else None)
    return chosen


def linked(caller: Caller, place: Place) -> bool:
    """Whether the address names the chosen backup: another app's address is its own, a remote has to be asked."""
    return caller.own_app and not place.remote


def select(place: Place, backup: BackupSet) -> None:
    """Choose a backup; for callbacks, and before the choice is drawn."""
    group = _group_of(backup)
    st.session_state[f"restore_day_{place.remote}"] = group
    _choose(place, group, backup)


def _choose(place: Place, group: str, backup: BackupSet) -> None:
    st.session_state[f"restore_set_{place.remote}_{group}"] = backup


def _said(backup: BackupSet) -> str:
    """The beginning of the comment: the choice is one line."""
    return f" · {backup.comment[:SAID]}{'…' if len(backup.comment) > SAID else ''}" if backup.comment else ""


def _whose(owner: Owner, backup: BackupSet) -> str:
    whose = {"foreign": "from database", "adopted": "adopted from"}.get(owner.relation(backup))
    return f" · {whose} {called(backup)}" if whose else ""


def _is_safety(backup: BackupSet) -> bool:
    return backup.trigger == "pre_restore"


def _group_of(backup: BackupSet) -> str:
    return SAFETY if _is_safety(backup) else backup.day


def _choose_group(backups: Backups, usable: list[BackupSet], place: Place) -> str:
    """Draw the choice of a day, all of them, or the safety copies."""
    counts = Counter(map(_group_of, usable))
    counts[ALL] = len(usable) - counts[SAFETY]
    names = {group: f"{group.title() if group in DAYS else group} ({counts[group]})"
             for group in (*DAYS, ALL, SAFETY) if counts[group]}
    empty = [day.title() for day in DAYS if day not in names]
    key = f"restore_day_{place.remote}"
    if st.session_state.get(key) not in names:  # not as a default: a moment that is chosen sets it as well
        st.session_state[key] = next((backup.day for backup in usable if not _is_safety(backup)), SAFETY)
    return st.selectbox(
        "Day of week", list(names), format_func=names.__getitem__,
        key=key, help=_about_days(backups, empty),
    )


def _about_days(backups: Backups, empty: Sequence[str]) -> str | None:
    """Say whose days these are, where the reader's clock shows another time, and which have no backup."""
    server = time_zone.of_server(backups.now())
    said = [f"The days are those of {plain(server)}."] if server else []
    return " ".join([*said, *([f"No backups on {', '.join(empty)}."] if empty else [])]) or None


def _nothing(backups: Backups, caller: Caller, place: Place, unusable: int) -> None:
    reason = f"{unusable} found, but damaged or made by a newer version" if unusable else "it is empty"
    st.info(f"No backups found in {plain(place.remote or backups.place)}: {reason}.", icon=":material/folder_open:")
    if place.remote:
        return
    if st.button("Create Backup Now", type="primary", icon=":material/backup:", disabled=backups.running()):
        backups.create(caller, force=True)
        st.rerun()
