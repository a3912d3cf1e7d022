"""*Check out* and *Reserve*: the dialogs over the list and on a record's page."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.counting import number_of
from equipment.domain.record import name_of
from equipment.store.life import lending
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.loans import outcome, terms_form

__all__ = ["dialog", "reserve"]


@st.dialog("Check out", icon=":material/output:", on_dismiss=outcome.forget)
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Give the ticked records to somebody."""
    del total
    with boundary.guard("Check out"):
        if len(ticked) > lending.MOST_AT_ONCE:
            st.warning(f"At most {lending.MOST_AT_ONCE} at once: tick fewer.")
            return
        outcome.left_open()
        more = f" and {len(ticked) - outcome.NAMED:,} more" if len(ticked) > outcome.NAMED else ""
        st.markdown(f"**{', '.join(plain(name_of(entry.record)) for entry in ticked[:outcome.NAMED])}**{more}")
        terms = terms_form.ask(app, state.today())
        place, sure, cancelled = outcome.buttons("Check out", "output", "loan_check_out")
        if sure:
            try:
                done = lending.check_out(app.database, app.who, ticked, terms, today=state.today())
            except BackupError as error:
                boundary.explain(error)
                return
            outcome.finish(done, f"{terms.holder.name} has", place)
        elif cancelled:
            outcome.leave()


@st.dialog("Reserve", icon=":material/event:")
def reserve(app: App, entry: Entry) -> None:
    """Keep one record for somebody for some days."""
    with boundary.guard("Reserve"):
        st.markdown(f"**{plain(name_of(entry.record))}**")
        terms = terms_form.ask(app, state.today(), reserving=True)
        _, sure, cancelled = outcome.buttons("Reserve", "event", "loan_reserve")
        if sure:
            try:
                loan = lending.reserve(app.database, app.who, entry, terms, today=state.today())
            except BackupError as error:
                boundary.explain(error)
                return
            days = (terms.last - terms.first).days + 1 if terms.last else 0
            st.toast(f"Reserved for {plain(loan.terms.holder.name)}, {number_of(days, 'day')}",
                     icon=":material/event:")
        if sure or cancelled:
            st.rerun()
