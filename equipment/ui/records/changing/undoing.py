"""Undo of a deed on the list: offered right after it, or asked with its numbers; done beside the page, and told."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from equipment.domain.counting import number_of
from equipment.domain.query import Query
from equipment.domain.record import ID, text
from equipment.jobs import Job
from equipment.store.life import servicing
from equipment.store.list import records, undo
from equipment.store.list.undo import Deed, Undone
from equipment.ui import asking
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs, of_person, start_beside
from equipment.ui.plain import plain
from equipment.ui.progress import follow
from equipment.ui.records import state

OFFER: Final = "undo_offer"
OFFERED_SECONDS: Final = 10
"""How long the line stands above the list; *Activity* has the way back for as long as there is one."""
MOST_LISTED: Final = 200
"""Records that a filter of their IDs shows; each stands in the address."""
MOST_LEFT: Final = 20


@dataclass(frozen=True)
class Offer:
    """What was done just now, and until when the way back stands above the list, by the monotonic clock."""

    number: str
    words: str
    until: float


def button(app: App, number: str, label: str) -> None:
    """Draw the button that says what would be undone, and asks; nothing when it is no more, or not for this visitor."""
    deed = undo.deed(app.database, number)
    if deed is None or not undo.may_undo(app.account, deed):
        return
    if asking.button(label, _consequence(deed), "Undo", f"undo_{number}", icon=":material/undo:",
                     disabled=app.read_only):
        _start(app, number)


def offer(number: str, words: str) -> None:
    """Say what was done just now above the list, with the way back, for ``OFFERED_SECONDS``."""
    st.session_state[OFFER] = Offer(number, words, time.monotonic() + OFFERED_SECONDS)


def show(app: App) -> None:
    """Show how far this visitor's undoing is and what came of it, or what can be undone just now."""
    if running(app):
        return
    offered: Offer | None = st.session_state.get(OFFER)
    if offered is not None:
        _line(app, offered)


def running(app: App) -> bool:
    """Show how far this visitor's undoing is (True), or once what came of it."""
    return follow(list_jobs(), of_person(app, "undo"), _finished)


@st.fragment(run_every=OFFERED_SECONDS)
def _line(app: App, offered: Offer) -> None:
    """Draw the line; it goes by itself. A dialog that is open meanwhile stays, as only the line runs."""
    if st.session_state.get(OFFER) is not offered:
        return
    if time.monotonic() >= offered.until or undo.deed(app.database, offered.number) is None:
        st.session_state.pop(OFFER)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(plain(offered.words), icon=":material/check_circle:")
        if st.button("Undo", icon=":material/undo:", key="undo_offered", disabled=app.read_only,
                     help="Later it is found under Activity."):
            st.session_state.pop(OFFER)
            _start(app, offered.number)


def _start(app: App, number: str) -> None:
    start_beside(app, of_person(app, "undo"), "Undo", "records.undo",
                 lambda watch: servicing.take_back(app.database, app.who, number, watch))


def _consequence(deed: Deed) -> str:
    count = number_of(deed.records, "record")
    if deed.action == "records.delete":
        back = "comes back" if deed.records == 1 else "come back"
        return (f"**{count}** that {plain(deed.by)} moved to the trash {back}, with the same ID where that is free. "
                "One that is no longer where it was put stays as it is, and is named. Nothing else changes.")
    back = "becomes what it was" if deed.records == 1 else "become what they were"
    return (f"**{count}** that {plain(deed.by)} changed {back} before; what was added goes to the trash. A record that "
            "was changed since stays as it is, and is named. Nothing else changes.")


def list_touched(app: App, number: str, words: str) -> None:
    """Show the records of a deed in the list, with what was done; for callbacks."""
    offer(number, words)
    entries = records.entries(app.database, undo.touched(app.database, number)[:MOST_LISTED])
    now = state.current()
    numbers = tuple(text(entry.record.get(ID)) for entry in entries)
    now.ask(replace(Query(sort=now.query.sort, descending=now.query.descending), choices={ID: numbers}))
    state.go("Browse")


def _finished(job: Job) -> None:
    done: Undone = job.result
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(plain(done.message), icon=":material/undo:")
        read = st.button("OK", key="undo_read")
    for key, why in (*done.renumbered, *done.left)[:MOST_LEFT]:
        st.caption(plain(f"{key}: {why}"))
    if read:
        list_jobs().clear(job.kind)
        state.current().refresh()
        st.rerun()
