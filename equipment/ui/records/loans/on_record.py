"""A record's own page: who has it, who has reserved it, and the two taps that take it or give it back."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.loan import Holder, Loan, due_in_words, in_words
from equipment.store.life import lending, loans
from equipment.store.list.records import Entry
from equipment.ui import time_zone
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.loans import check_in, check_out

__all__ = ["address", "give_up", "show"]

SHOWN = 20


def address(thing: str) -> str:
    """Give the address of a record's page."""
    return f"?id={quote(thing)}"


def show(app: App, entry: Entry) -> None:
    """Draw who has it, and the buttons; nothing where nobody has it and this person may not take it."""
    there = loans.out(app.database, [entry.key]).get(entry.key)
    me = Holder(app.account.name, app.account.key)
    may = lending.may_for(app.database, app.account, there.terms.holder if there else me)
    kept = loans.reservations(app.database, entry.key, state.today())
    if not (there or kept or may):
        return
    with st.container(border=True, gap="xsmall"):
        _state(there)
        with st.container(horizontal=True, gap="xsmall"):
            if there and may:
                _back(app, there)
            elif may and st.button("Check out", icon=":material/output:", type="primary", key="record_out",
                                   disabled=app.read_only):
                check_out.dialog(app, [entry], 1)
            if lending.may_for(app.database, app.account, me) and st.button(
                    "Reserve", icon=":material/event:", key="record_reserve", disabled=app.read_only):
                check_out.reserve(app, entry)
        for loan in kept:
            _reserved(app, loan)
        _before(app, entry.key)


def give_up(app: App, reserved: Sequence[Loan]) -> None:
    """Free the days of these again."""
    for loan in reserved:
        try:
            done = lending.cancel(app.database, app.who, loan.number)
        except BackupError as error:
            st.toast(plain(str(error)), icon=":material/error:")
            continue
        st.toast(plain(f"{loan.name}: {done.why or 'the reservation is given up'}"), icon=":material/event_busy:")
    state.current().refresh()
    st.rerun()


def _state(there: Loan | None) -> None:
    if there is None:
        st.markdown(":green-badge[:material/inventory_2: Here]")
        return
    late = there.is_overdue(state.today())
    due = due_in_words(there.terms.last, state.today())
    place = f" · {plain(there.terms.place)}" if there.terms.place else ""
    st.markdown(f":{'red' if late else 'orange'}-badge[{'' if late else 'Out: '}{plain(due)}] "
                f"{plain(in_words(there))}{place}")
    if there.terms.note:
        st.caption(plain(there.terms.note))


def _back(app: App, there: Loan) -> None:
    if st.button("Check in", icon=":material/input:", type="primary", key="record_in", disabled=app.read_only):
        check_in.of_loans(app, [there])
    if st.button("Due day", icon=":material/event:", key="record_due", disabled=app.read_only):
        check_in.due_day(app, there)


def _reserved(app: App, loan: Loan) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(f":material/event: {plain(in_words(loan))}", width="content")
        if lending.may_for(app.database, app.account, loan.terms.holder) and st.button(
                "Give up", key=f"record_give_up_{loan.number}", type="tertiary", disabled=app.read_only):
            give_up(app, [loan])


def _before(app: App, key: str) -> None:
    past = [loan for loan in loans.of_thing(app.database, key, limit=SHOWN) if loan.ended]
    if past:
        with st.expander(f"Who had it ({len(past)})"):
            for loan in past:
                ended = time_zone.shown_time(loan.ended) if loan.ended else ""
                how = "given up" if loan.state == "cancelled" else "back"
                st.caption(plain(f"{loan.terms.holder.name}: from {loan.terms.first}, {how} {ended} "
                                 f"{loan.end_note}".strip()))
