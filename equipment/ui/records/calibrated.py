"""*Calibrated today* for ticked records: today's date, the next one by each record's interval, and the certificate.

Of each record one event is written down in the same deed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from equipment.domain import calibration
from equipment.domain.calibration import CERTIFICATE, MONTHS
from equipment.domain.counting import number_of
from equipment.domain.life.event import Done
from equipment.domain.life.plan import Plan, next_day
from equipment.domain.record import LAST_CALIBRATION, MISSING, NEXT_CALIBRATION, name_of, read, text
from equipment.domain.values.fields import Date, dates_of
from equipment.store.life import plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import schema
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing

__all__ = ["dialog", "wanted"]

MOST: Final = 100
"""Records at once, as an import of a technician may change; more are for *Bulk edit*."""
COLUMNS: Final = {LAST_CALIBRATION: "Last", NEXT_CALIBRATION: "Next", CERTIFICATE: "Certificate"}
"""Where each of them is typed."""


@st.dialog("Calibrated today", width="large", icon=":material/event_available:")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Draw the dialog over the page."""
    with boundary.guard("Calibrated today"):
        if len(ticked) > MOST:
            st.warning(f"At most {MOST} at once: tick fewer, or use *Bulk edit*.")
            return
        today, types = state.today(), schema.types(app.database)
        kinds = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
        usual = st.number_input("Months to the next calibration, where neither a plan nor a record's own dates tell",
                                1, 120, MONTHS, key="calibrated_months")
        planned = [plan for plan in plans.listed(app.database) if plan.rhythm.kind == "calibration"]
        given = pd.DataFrame([_row(entry, kinds, today, int(usual), planned) for entry in ticked],
                             index=[entry.key for entry in ticked])
        edited = st.data_editor(given, hide_index=True, width="stretch", height="content", key=f"calibrated_{usual}",
                                disabled=["Equipment", "Last until now", "Last"])
        wrong = [str(words) for words in edited["Next"] if not kinds[1].fits(str(words))]
        if wrong:
            st.warning(f"Not a date: {plain(', '.join(wrong))}. Type year-month-day.")
        with st.container(horizontal=True):
            sure = st.button(f"Save {number_of(len(ticked), 'record')}", type="primary", icon=":material/check:",
                             disabled=bool(wrong), key="calibrated_save")
            cancelled = st.button("Cancel", key="calibrated_cancel")
        if sure and not wrong:
            _save(app, wanted(ticked, edited.to_dict("index"), kinds))
        elif cancelled:
            st.rerun()


def wanted(
    ticked: Sequence[Entry], rows: Mapping[Any, Mapping[Any, Any]], kinds: tuple[Date, Date]
) -> list[Wrote]:
    """Give what to write: an event, both dates in the form the record has them, and a certificate where one was typed.

    ``kinds`` read the two dates.
    """
    found = []
    for entry in ticked:
        row = rows[entry.key]
        typed = {name: str(row[column] or "").strip() for name, column in COLUMNS.items()}
        certificate = typed[CERTIFICATE]
        if not certificate:
            del typed[CERTIFICATE]
        done = Done("calibration", kinds[0].read(typed[LAST_CALIBRATION]).day or state.today(), certificate=certificate,
                    next_due=kinds[1].read(typed[NEXT_CALIBRATION]).last_day)
        found.append(Wrote(entry, done, {
            name: read(words, entry.record.get(name, MISSING)) for name, words in typed.items()}))
    return found


def _row(
    entry: Entry, kinds: tuple[Date, Date], today: date, usual: int, planned: Sequence[Plan]
) -> dict[str, str]:
    last, due = (text(entry.record.get(name)) for name in (LAST_CALIBRATION, NEXT_CALIBRATION))
    own = [plan for plan in planned if plan.is_for(entry.key, text(entry.record.get("Category")))]
    plan = min(own, key=lambda each: not each.rhythm.thing, default=None)
    months = calibration.interval(last, due, kinds) or usual
    then = next_day(plan.rhythm, today) if plan else calibration.after_months(today, months)
    return {"Equipment": name_of(entry.record), "Last until now": last, "Last": today.isoformat(),
            "Next": then.isoformat(), "Certificate": ""}


def _save(app: App, found: list[Wrote]) -> None:
    number, done = servicing.write(app.database, app.who, found, today=state.today(), note="calibrated today")
    missed = [written for written in done if written.why]
    if len(missed) < len(done):
        undoing.offer(number, f"Calibrated today: {number_of(len(done) - len(missed), 'record')}.")
    if missed:
        st.error(f"{number_of(len(missed), 'record was', 'records were')} changed by somebody else meanwhile and left "
                 "alone; the others are saved.", icon=":material/error:")
        return
    state.current().refresh()
    st.rerun()
