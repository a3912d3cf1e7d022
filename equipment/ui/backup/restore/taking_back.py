"""Undo and Redo: what the last restore, merge or undo was, and what taking it back would do, before it is done."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.restores.past import Last
from equipment.ui.backup import background, words
from equipment.ui.backup.restore import comparing, consequence
from equipment.ui.plain import plain

__all__ = ["ask", "label", "show"]

ASKING = "restore_taking_back"
"""``backup_id`` of the safety set that somebody asks about; a restore meanwhile makes it another one."""
NAMES = {"replace": "restore", "merge": "merge", "undo": "undo"}


def label(last: Last) -> str:
    """What the button is called."""
    return "Redo" if last.is_undo else f"Undo this {NAMES.get(last.kind, 'restore')}"


def ask(last: Last) -> None:
    """Let the page ask; for callbacks."""
    st.session_state[ASKING] = last.safety.backup_id


def show(backups: Backups, caller: Caller, last: Last, *, busy: bool, since: str, offered: bool = False) -> None:
    """Draw what can be taken back unless that was ``offered``, and the question once somebody wants to."""
    asking = st.session_state.get(ASKING) == last.safety.backup_id and not busy
    if not offered:
        _line(backups, last, disabled=busy or asking)
    if asking:
        _question(backups, caller, last, since)


def _line(backups: Backups, last: Last, *, disabled: bool) -> None:
    where = f" in {aside}" if (aside := backups.aside(last.safety)) else ""
    text, button = st.columns([5, 2], vertical_alignment="center")
    text.caption(plain(f"{_was(backups, last)} The state of {words.moment(last.safety.started)} before it is kept with "
                       f"{words.records(last.safety)}{where}."))
    button.button(label(last), icon=f":material/{'redo' if last.is_undo else 'undo'}:", width="stretch",
                  disabled=disabled, key="take_back", on_click=ask, args=(last,))


def _was(backups: Backups, last: Last) -> str:
    if not last.kind or last.started is None:
        return "The last restore can be taken back."
    by = f" by {last.actor}" if last.actor else ""
    when = words.ago(backups.now() - last.started)
    what = "The undo" if last.is_undo else f"The {NAMES[last.kind]} of backup {last.label}"
    return f"{what}{by} {when} can be taken back."


def _question(backups: Backups, caller: Caller, last: Last, since: str) -> None:
    with st.container(border=True):
        compared = comparing.show(backups, caller, last.safety, last.keys, since=since)
        if compared is not None:
            does = "Redo" if last.is_undo else "Undo"
            st.info(plain(f"{does}: {consequence.taken_back(compared)}"), icon=":material/info:")
        st.caption("A safety backup is made first, so that this can be taken back, too.")
        with st.container(horizontal=True):
            sure = st.button(f"{label(last)} now", type="primary", disabled=compared is None, key="take_back_now",
                             icon=":material/settings_backup_restore:")
            st.button("Cancel", key="take_back_cancel", on_click=_forget)
        if sure and compared is not None:
            expected = {key: comparison.counts for key, comparison in compared.items()}
            try:
                backups.undo(caller, last.safety, last.keys, expected=expected, title=_title(last))
            except BackupError as error:
                background.explain(error)
            else:
                _forget()
                st.rerun()


def _title(last: Last) -> str:
    if last.is_undo:
        return "Redo of what was undone"
    of = f" of backup {last.label}" if last.label else ""
    return f"Undo of the {NAMES.get(last.kind, 'restore')}{of}"


def _forget() -> None:
    st.session_state.pop(ASKING, None)
