"""*Check in* and *Due day*: the dialogs over the list, in *Loans* and on a record's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.loan import LONGEST_DAYS, LONGEST_NOTE, Loan, in_words
from equipment.domain.record import name_of
from equipment.store.life import lending, loans
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.loans import outcome

__all__ = ["dialog", "due_day", "of_loans"]


def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Take those of the ticked records back that are out."""
    del total
    there = loans.out(app.database, [entry.key for entry in ticked])
    here = [name_of(entry.record) for entry in ticked if entry.key not in there]
    of_loans(app, list(there.values()), here)


@st.dialog("Check in", icon=":material/input:", on_dismiss=outcome.forget)
def of_loans(app: App, wanted: Sequence[Loan], not_out: Sequence[str] = ()) -> None:
    """Take these back; ``not_out`` are names of what nobody has."""
    with boundary.guard("Check in"):
        outcome.left_open()
        for loan in wanted[:outcome.NAMED]:
            st.markdown(f"**{plain(loan.name)}**: {plain(in_words(loan))}")
        if len(wanted) > outcome.NAMED:
            st.caption(f"and {len(wanted) - outcome.NAMED:,} more")
        if not_out:
            st.caption(f"Not out: {plain(', '.join(not_out), 200)}")
        note = st.text_input("Note", key="loan_end_note", max_chars=LONGEST_NOTE,
                             placeholder="Its state, what is missing")
        place, sure, cancelled = outcome.buttons("Check in", "input", "loan_check_in", disabled=not wanted)
        if sure:
            try:
                done = lending.check_in(app.database, app.who, [loan.number for loan in wanted], note=note)
            except BackupError as error:
                boundary.explain(error)
                return
            outcome.finish(done, "Back:", place)
        elif cancelled:
            outcome.leave()


@st.dialog("Due back", icon=":material/event:")
def due_day(app: App, loan: Loan) -> None:
    """Move the day on which it is due back."""
    with boundary.guard("Due back"):
        st.markdown(f"**{plain(loan.name)}**: {plain(in_words(loan))}")
        today = state.today()
        usual = max(loan.terms.last or today, today) + timedelta(days=7)
        furthest = today + timedelta(days=LONGEST_DAYS - 1)
        day = st.date_input("Due back on", min(usual, furthest), key="loan_new_due", min_value=today,
                            max_value=furthest)
        for_ever = st.checkbox("Until further notice", value=loan.terms.last is None, key="loan_new_for_ever")
        _, sure, cancelled = outcome.buttons("Save", "check", "loan_due_save")
        if sure:
            move = partial(lending.prolong, app.database, app.who, loan.number, today=today)
            try:
                moved = move(None if for_ever or not isinstance(day, date) else day)
            except BackupError as error:
                boundary.explain(error)
                return
            st.toast(plain(in_words(moved)), icon=":material/event:")
        if sure or cancelled:
            st.rerun()
