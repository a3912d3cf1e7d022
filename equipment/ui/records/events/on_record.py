"""A record's own page: what was done to it, the newest first, and the way to write down more."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.event import Event, in_words
from equipment.domain.life.words import LONGEST_NOTE
from equipment.domain.record import name_of
from equipment.server.downloads import file_download
from equipment.store.life import events, plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list.records import Entry
from equipment.ui import boundary, links
from equipment.ui.context import App
from equipment.ui.parts import newest_first
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing
from equipment.ui.records.events import event_form, plan_form
from equipment.ui.records.loans import outcome

__all__ = ["add", "show", "strike"]


def show(app: App, entry: Entry) -> None:
    """Draw the events and the buttons; nothing where there is neither."""
    found = events.of_thing(app.database, entry.key)
    may, plans_may = app.may(servicing.RIGHT), app.may(plans.RIGHT)
    if not found and not may:
        return
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**Events ({len(found)})**", width="content")
            if may and st.button("Add event", icon=":material/build:", key="record_event", disabled=app.read_only):
                add(app, entry)
            if plans_may and st.button("Plan", icon=":material/event_repeat:", key="record_plan",
                                       disabled=app.read_only):
                plan_form.make(app, entry)
        newest_first.draw(found, lambda some: _lines(app, some, may))


@st.dialog("Add event", icon=":material/build:", on_dismiss=outcome.forget)
def add(app: App, entry: Entry) -> None:
    """Write down what was done to a record, as it was when the dialog opened."""
    with boundary.guard("Add event"):
        outcome.left_open()
        st.markdown(f"**{plain(name_of(entry.record))}**")
        done = event_form.ask(app, entry, state.today())
        place, sure, cancelled = outcome.buttons("Add event", "check", "event_save")
        if sure:
            try:
                number, written = servicing.write(app.database, app.who, [Wrote(entry, done)], today=state.today())
            except BackupError as error:
                boundary.explain(error)
                return
            if number and written[0].event:
                undoing.offer(number, f"{in_words(done)}; its dates follow.")
            outcome.finish(written, "Written down for", place)
        elif cancelled:
            outcome.leave()


@st.dialog("Strike out", icon=":material/strikethrough_s:")
def strike(app: App, event: Event) -> None:
    """Strike an event out, with a reason."""
    with boundary.guard("Strike out"):
        st.markdown(f"**{plain(event.name)}**: {plain(in_words(event.done))}")
        st.caption("It stays to be read, and counts no more. The dates of the record stay as they are.")
        why = st.text_input("Why", key="event_why", max_chars=LONGEST_NOTE, placeholder="Another thing was meant")
        _, sure, cancelled = outcome.buttons("Strike out", "strikethrough_s", "event_strike")
        if sure:
            try:
                servicing.strike(app.database, app.who, event.number, why)
            except BackupError as error:
                boundary.explain(error)
                return
            st.toast("Struck out", icon=":material/strikethrough_s:")
        if sure or cancelled:
            st.rerun()


def _lines(app: App, found: Sequence[Event], may: bool) -> None:
    for event in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            words = plain(in_words(event.done))
            st.markdown(f"~~{words}~~" if event.struck else words, width="stretch")
            if event.done.file:
                st.link_button("Certificate", links.to(file_download.path_of(event.done.file, show=True)),
                               icon=":material/description:", type="tertiary", key=f"event_file_{event.number}")
            if may and not event.struck and st.button("Strike out", key=f"event_strike_{event.number}",
                                                      type="tertiary", disabled=app.read_only):
                strike(app, event)
        if event.done.note:
            st.caption(plain(event.done.note))
        if event.struck:
            st.caption(f"Struck out by {plain(event.struck_by)}: {plain(event.why)}")
