"""What a restore, merge or undo did: from what to what, how long it took, and where to go from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backup_engine.api import BackupSet
from equipment.backups import WRITING, Backups
from equipment.jobs import Job
from equipment.restores.numbers import Done, Numbers
from equipment.ui import header
from equipment.ui.backup import words
from equipment.ui.backup.restore import last_change
from equipment.ui.plain import plain

__all__ = ["ACTIONS", "in_words", "show"]

ACTIONS = {*last_change.CHANGES, "backup.import", "backup.drill"}


def show(backups: Backups, job: Job, take_back: tuple[str, Callable[[], None]] | None) -> bool:
    """Draw the outcome of a job of this screen; ``take_back`` is how to take it back: a label and what it does.

    Gives whether that was offered.
    """
    if job.about not in ACTIONS:
        return False
    offers = take_back if isinstance(job.result, Done) and job.result.safety is not None else None
    with st.container(border=True):
        st.caption(plain(f"{job.title}{_took(job)}:"))
        results = job.result if isinstance(job.result, list) else [job.result]
        for result in results:
            _result(result, f"{job.title}: done." if job.about == "backup.undo" else "")
        with st.container(horizontal=True):
            if isinstance(job.result, Done):
                st.button("Show the list", icon=":material/table_rows:", key="restore_show_list", on_click=_show_list)
            if offers is not None:
                label, act = offers
                st.button(plain(label), icon=":material/undo:", key="restore_take_back", on_click=act)
            if st.button("Done", key="restore_done"):
                backups.jobs.clear(WRITING)
                st.rerun()
    return offers is not None


def in_words(key: str, numbers: Numbers) -> str:
    """Say it of one collection: ``Equipment: 380 → 430 records: 50 added, 0 removed, 3 changed``."""
    return (f"{words.COLLECTIONS.get(key, key)}: {numbers.before:,} → {words.count(numbers.after, 'record')}: "
            f"{numbers.added:,} added, {numbers.removed:,} removed, {numbers.changed:,} changed")


def _took(job: Job) -> str:
    return f" ({(job.finished - job.started).total_seconds():.1f} s)" if job.finished else ""


def _result(result: Any, said: str = "") -> None:
    """Draw one result; ``said`` is said instead of the engine's answer, whose problems stand below it all the same."""
    if isinstance(result, BackupSet):
        st.success(f"The backup of {words.moment(result.started)} was verified and taken in.")
        return
    for answer in result.answers if isinstance(result, Done) else (result,):
        problems = list(getattr(answer, "problems", ()) or ())
        show_as = {"all": st.success, "partly": st.warning, "nothing": st.error}[getattr(answer, "extent", "all")]
        (st.warning if problems else show_as)(plain(said or answer.message))
        for problem in problems:
            st.caption(plain(str(problem)))
    if isinstance(result, Done):
        for key, numbers in result.numbers.items():
            st.markdown(f"{in_words(key, numbers)}.")
        if result.safety is not None:
            st.caption(f"What was there before is kept in the safety set of {words.moment(result.safety.started)}.")


def _show_list() -> None:
    st.session_state[header.TAB] = header.LIST_TAB
