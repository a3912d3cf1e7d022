"""The fields of a loan or a reservation: who, until when, where to, and a note."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import streamlit as st

from equipment.domain.life.loan import LONGEST_DAYS, LONGEST_NOTE, LONGEST_WORDS, Holder, Terms
from equipment.store.life import lending
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["ask"]

USUAL_DAYS: Final = 14


def ask(app: App, today: date, *, reserving: bool = False) -> Terms:
    """Draw the fields and give what is in them; whether it can be is for ``store.life.lending`` to say."""
    holder = _holder(app)
    first, last = today, date.max
    if reserving:
        span = st.date_input("Days, both included", (today, today + timedelta(days=1)), key="loan_days",
                             min_value=today, max_value=today + timedelta(days=10 * LONGEST_DAYS))
        days = span if isinstance(span, tuple) else (span,)
        first, last = (days[0], days[-1]) if days else (today, today)
    else:
        last = _due(today) or date.max
    place = st.text_input("Where to", key="loan_place", max_chars=LONGEST_WORDS, placeholder="Room, bench or project")
    note = st.text_input("Note", key="loan_note", max_chars=LONGEST_NOTE)
    return Terms(holder, first, None if last == date.max else last, place, note)


def _holder(app: App) -> Holder:
    me = Holder(app.account.name, app.account.key)
    if not app.may(lending.OTHERS):
        st.markdown(f"For **{plain(me.name)}**")
        return me
    people = {holder.name: holder for holder in (me, *lending.people(app.database, app.who))}
    typed = st.selectbox("Who", people, key="loan_holder", accept_new_options=True,
                         help="An account, or any name: type it and press Enter.")
    return people.get(typed or "", Holder(typed or ""))


def _due(today: date) -> date | None:
    for_ever = st.session_state.get("loan_for_ever", False)
    due = st.date_input("Due back on", today + timedelta(days=USUAL_DAYS), key="loan_due", min_value=today,
                        max_value=today + timedelta(days=LONGEST_DAYS - 1), disabled=for_ever)
    return None if st.checkbox("Until further notice", key="loan_for_ever") or not isinstance(due, date) else due
