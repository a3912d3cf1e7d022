"""Undo of an import or a bulk edit: asked with its numbers, done beside the page, and what stays is told."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from equipment.domain.counting import number_of
from equipment.domain.query import Query
from equipment.domain.record import ID, text
from equipment.jobs import Job
from equipment.store.list import records, undo
from equipment.store.list.undo import Undone
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs, start_beside
from equipment.ui.plain import plain
from equipment.ui.progress import follow
from equipment.ui.records import state

OFFER = "undo_offer"
MOST_LISTED = 200
"""Records that a filter of their IDs shows; each stands in the address."""
MOST_LEFT = 20


def button(app: App, number: str, label: str) -> None:
    """Draw the button that says what would be undone, and asks."""
    deed = undo.deed(app.database, number)
    if deed is None:
        return
    with st.popover(label, icon=":material/undo:", disabled=app.read_only):
        st.markdown(f"**{number_of(deed.records, 'record')}** that {plain(deed.by)} changed become what they were "
                    "before; those that were added go to the trash. A record that was changed since stays as it is, "
                    "and is named. Nothing else changes.")
        if st.button("Undo", type="primary", key=f"undo_{number}"):
            start_beside(_work(app), "Undo", app.account.name,
                         lambda watch: undo.undo(app.database, app.who, number, watch))


def offer(number: str, words: str) -> None:
    """Keep what was done just now at hand, with the way back, until it was read."""
    st.session_state[OFFER] = number, words


def show(app: App) -> None:
    """Show how far this visitor's undoing is and what came of it, or what can be undone just now."""
    if follow(list_jobs(), _work(app), _finished):
        return
    number, words = st.session_state.get(OFFER, ("", ""))
    if not number:
        return
    if undo.deed(app.database, number) is None:
        st.session_state.pop(OFFER)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(plain(words), icon=":material/check_circle:")
        button(app, number, "Undo")
        st.button("OK", key="undo_offer_read", on_click=st.session_state.pop, args=(OFFER,))


def list_touched(app: App, number: str) -> None:
    """Show the records of a deed in the list; for callbacks."""
    entries = records.entries(app.database, undo.touched(app.database, number)[:MOST_LISTED])
    now = state.current()
    numbers = tuple(text(entry.record.get(ID)) for entry in entries)
    now.ask(replace(Query(sort=now.query.sort, descending=now.query.descending), choices={ID: numbers}))
    state.go("Browse")


def _work(app: App) -> str:
    return f"undo_{app.account.name}"


def _finished(job: Job) -> None:
    done: Undone = job.result
    st.success(plain(done.message), icon=":material/undo:")
    for key, why in done.left[:MOST_LEFT]:
        st.caption(plain(f"{key}: {why}"))
    if st.button("OK", key="undo_read"):
        list_jobs().clear(job.kind)
        state.current().refresh()
        st.rerun()
