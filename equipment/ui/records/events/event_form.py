"""The fields of an event: what was done, when, by whom, with what result, and when it is due again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import streamlit as st

from equipment.domain import calibration
from equipment.domain.life.event import KINDS, LONGEST_COST, RESULTS, Done, Kind, Result
from equipment.domain.life.plan import Plan, next_day
from equipment.domain.life.words import LONGEST_NOTE, LONGEST_WORDS
from equipment.domain.record import LAST_CALIBRATION, NEXT_CALIBRATION, text
from equipment.domain.values.fields import FieldType, dates_of
from equipment.store.life import plans
from equipment.store.list import schema
from equipment.store.list.records import Entry
from equipment.ui.context import App
from equipment.ui.records.files import choice

__all__ = ["ask", "next_calibration", "what_became"]

EARLIEST: Final = date(1950, 1, 1)
YEARS_AHEAD: Final = 30


def ask(app: App, entry: Entry, today: date) -> Done:
    """Draw the fields and give what is in them; whether it can be is for ``store.life.servicing`` to say."""
    planned = plans.of_thing(app.database, entry.key, text(entry.record.get("Category")))
    first, second = st.columns(2)
    with first:
        kind: Kind = st.selectbox("What was done", KINDS, key="event_kind", format_func=str.capitalize)
    with second:
        day = st.date_input("On", today, key="event_day", min_value=EARLIEST, max_value=today)
    done_on = day if isinstance(day, date) else today
    plan = _plan([each for each in planned if each.rhythm.kind == kind], kind)
    by, result, note = what_became(app)
    first, second = st.columns(2)
    with first:
        cost = st.text_input("Cost", key="event_cost", max_chars=LONGEST_COST, placeholder="120 EUR")
    with second:
        certificate = st.text_input("Certificate number", key="event_certificate", max_chars=LONGEST_WORDS)
    file = choice.ask(app, entry)
    usual = None
    if kind == "calibration":
        usual = next_calibration(entry, planned, schema.types(app.database), done_on)
    due = st.date_input("Next due on", usual, key=f"event_next_{kind}_{done_on}", min_value=done_on + timedelta(days=1),
                        max_value=done_on.replace(year=done_on.year + YEARS_AHEAD, day=1),
                        help="Empty: as its plan says, if it has one.")
    return Done(kind, done_on, by, result, cost, certificate, note, due if isinstance(due, date) else None,
                plan.number if plan else "", file)


def what_became(app: App) -> tuple[str, Result, str]:
    """Draw who did it, the result and a note, and give the three."""
    first, second = st.columns(2)
    with first:
        by = st.text_input("Who did it", app.account.name, key="event_by", max_chars=LONGEST_WORDS,
                           placeholder="A person or a company")
    with second:
        result: Result = st.selectbox("Result", RESULTS, key="event_result", format_func=RESULTS.__getitem__)
    return by, result, st.text_input("Note", key="event_note", max_chars=LONGEST_NOTE)


def next_calibration(entry: Entry, planned: Sequence[Plan], types: dict[str, FieldType], day: date) -> date:
    """Give when the next calibration is due after one on that day: by a plan, else by the record's own dates."""
    plan = next((each for each in planned if each.rhythm.kind == "calibration"), None)
    if plan:
        return next_day(plan.rhythm, day)
    kinds = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
    last, due = (text(entry.record.get(name)) for name in (LAST_CALIBRATION, NEXT_CALIBRATION))
    return calibration.after_months(day, calibration.interval(last, due, kinds) or calibration.MONTHS)


def _plan(planned: Sequence[Plan], kind: Kind) -> Plan | None:
    """Ask for which of several plans of this kind it was done; of one alone it is plain."""
    if len(planned) < 2:
        return planned[0] if planned else None
    every: list[Plan | None] = [None, *planned]
    return st.selectbox("For the plan", every, key=f"event_plan_{kind}",
                        format_func=lambda plan: plan.title if plan else "All of them")
