"""*Loans*: who has what, what is overdue, what is reserved, and one's own things."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import pandas as pd
import streamlit as st

from equipment.domain.life.loan import Holder, Loan, due_in_words
from equipment.store.life import lending, loans
from equipment.store.life.loans import Which
from equipment.ui import time_zone
from equipment.ui.context import App
from equipment.ui.parts import chosen_rows
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.loans import check_in, on_record

__all__ = ["show"]

TABLE: Final = "loans_table"
VIEWS: Final[dict[str, Which]] = {
    "My things": "out", "Out": "out", "Overdue": "overdue", "Reserved": "reserved", "Ended": "ended"}
EMPTY: Final = {
    "My things": "You have nothing, and nothing is reserved for you.", "Out": "Everything is in its place.",
    "Overdue": "Nothing is overdue.", "Reserved": "Nothing is reserved.", "Ended": "No loan has ended yet."}


def show(app: App) -> None:
    """Draw the section."""
    today = state.today()
    with st.container(horizontal=True, gap="small"):
        view = _view(app, today)
        holder = _holder(app) if view != "My things" else Holder(app.account.name, app.account.key)
    shown = _found(app, view, holder, today)
    if not shown:
        st.caption(f":material/inventory_2: {EMPTY[view]}" if not holder or view == "My things"
                   else f"Nothing of this for {plain(holder.name)}.")
    else:
        _table(app, shown, today)
    if app.may("settings.edit"):
        _setting(app)


def _view(app: App, today: date) -> str:
    mine = loans.count(app.database, "out", today, account=app.account.key)
    counts = {"My things": mine} | {
        name: loans.count(app.database, VIEWS[name], today) for name in ("Out", "Overdue", "Reserved")}
    usual = "Out" if app.may(lending.OTHERS) else "My things"
    chosen = st.segmented_control(
        "Show", list(VIEWS), default=usual, required=True, key="loans_view", label_visibility="collapsed",
        format_func=lambda name: f"{name} ({counts[name]:,})" if name in counts else name)
    return str(chosen or usual)


def _holder(app: App) -> Holder | None:
    people = loans.holders(app.database)
    names: list[Holder | None] = [None, *people]
    return st.selectbox("Person", names, key="loans_person", label_visibility="collapsed",
                        format_func=lambda holder: holder.name if holder else "Everybody", width=280)


def _found(app: App, view: str, holder: Holder | None, today: date) -> list[Loan]:
    account, name = (holder.account, holder.name) if holder else ("", "")
    found = loans.listed(app.database, VIEWS[view], today, account=account, name=name)
    if view == "My things":
        found += loans.listed(app.database, "reserved", today, account=account)
    return found


def _table(app: App, shown: Sequence[Loan], today: date) -> None:
    ticked = set(chosen_rows.chosen(TABLE))
    _buttons(app, [loan for loan in shown if loan.number in ticked])
    chosen_rows.draw(
        TABLE, pd.DataFrame([_row(loan, today) for loan in shown]), [loan.number for loan in shown], many=True,
        placeholder="", alt="Loans", column_config={"Open": st.column_config.LinkColumn(display_text="Open")})


def _row(loan: Loan, today: date) -> dict[str, str]:
    terms = loan.terms
    when = {"reserved": "reserved", "back": "back", "cancelled": "given up"}.get(loan.state)
    row = {"Equipment": loan.name, "Who": terms.holder.name, "From": terms.first.isoformat(),
           "Due back": terms.last.isoformat() if terms.last else "",
           "State": when or due_in_words(terms.last, today), "Where to": terms.place, "Note": terms.note}
    if loan.ended:
        row |= {"Ended": time_zone.shown_time(loan.ended), "Taken back by": loan.ended_by, "How it was": loan.end_note}
    return row | {"Written down by": loan.by, "Open": on_record.address(loan.thing)}


def _buttons(app: App, ticked: Sequence[Loan]) -> None:
    may = [loan for loan in ticked if lending.may_for(app.database, app.account, loan.terms.holder)]
    out = [loan for loan in may if loan.state == "out"]
    reserved = [loan for loan in may if loan.state == "reserved"]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if st.button(f"Check in {len(out)}" if out else "Check in", icon=":material/input:", type="primary",
                     disabled=not out or app.read_only, key="loans_in"):
            check_in.of_loans(app, out)
        if st.button("Due day", icon=":material/event:", disabled=len(out) != 1 or app.read_only, key="loans_due"):
            check_in.due_day(app, out[0])
        if st.button("Give up the reservation", icon=":material/event_busy:", disabled=not reserved or app.read_only,
                     key="loans_give_up"):
            on_record.give_up(app, reserved)
        if not ticked:
            st.caption("Tick rows to take things back", width="content")


def _setting(app: App) -> None:
    now = lending.people_may(app.database)
    wanted = st.toggle("Everybody may take things, and give them back, for themselves", value=now, key="loans_own",
                       help="Without it, technicians and above give things out and take them back.")
    if wanted != now:
        lending.switch(app.database, app.who, own=wanted)
        st.toast("Everybody may take things now." if wanted else "Technicians give things out now.",
                 icon=":material/check:")
    if not app.settings.smtp_url:
        return
    now = lending.reminds(app.database)
    wanted = st.toggle("Remind people by mail", value=now, key="loans_remind",
                       help="The day before a thing is due, the day after, and every week until it is back; to the "
                            "e-mail of the account that has it.")
    if wanted != now:
        lending.switch(app.database, app.who, remind=wanted)
        st.toast("People are reminded." if wanted else "Nobody is reminded.", icon=":material/check:")
