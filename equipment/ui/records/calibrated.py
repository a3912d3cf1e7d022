"""*Calibrated today* for ticked records: today's date, the next one by each record's interval, and the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from equipment.domain import calibration
from equipment.domain.calibration import CERTIFICATE, MONTHS
from equipment.domain.counting import number_of
from equipment.domain.record import LAST_CALIBRATION, MISSING, NEXT_CALIBRATION, name_of, read, text
from equipment.domain.values.fields import Date, dates_of
from equipment.store.list import records, schema
from equipment.store.list.records import Entry, Save
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state

__all__ = ["dialog", "saves"]

MOST: Final = 100
"""Records at once, as an import of a technician may change; more are for *Bulk edit*."""


@st.dialog("Calibrated today", width="large", icon=":material/event_available:")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Draw the dialog over the page."""
    with boundary.guard("Calibrated today"):
        if len(ticked) > MOST:
            st.warning(f"At most {MOST} at once: tick fewer, or use *Bulk edit*.")
            return
        today, types = state.today(), schema.types(app.database)
        kinds = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
        usual = st.number_input("Months to the next calibration, where a record's own dates tell no interval", 1, 120,
                                MONTHS, key="calibrated_months")
        given = pd.DataFrame([_row(entry, kinds, today, int(usual)) for entry in ticked],
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
            _save(app, saves(ticked, edited.to_dict("index")))
        elif cancelled:
            st.rerun()


def saves(ticked: Sequence[Entry], rows: Mapping[Any, Mapping[Any, Any]]) -> list[Save]:
    """Give what to write: both dates in the form the record has them, and a certificate where one was typed."""
    wanted = []
    for entry in ticked:
        row = rows[entry.key]
        typed = {LAST_CALIBRATION: row["Last"], NEXT_CALIBRATION: row["Next"]}
        if number := str(row["Certificate"] or "").strip():
            typed[CERTIFICATE] = number
        wanted.append(Save(entry, {
            name: read(str(words).strip(), entry.record.get(name, MISSING)) for name, words in typed.items()}))
    return wanted


def _row(entry: Entry, kinds: tuple[Date, Date], today: date, usual: int) -> dict[str, str]:
    last, due = (text(entry.record.get(name)) for name in (LAST_CALIBRATION, NEXT_CALIBRATION))
    months = calibration.interval(last, due, kinds) or usual
    return {"Equipment": name_of(entry.record), "Last until now": last, "Last": today.isoformat(),
            "Next": calibration.after_months(today, months).isoformat(), "Certificate": ""}


def _save(app: App, wanted: list[Save]) -> None:
    done = records.save(app.database, app.who, wanted, note="calibrated today")
    missed = [saved for saved in done if saved.status not in ("updated", "unchanged")]
    if missed:
        st.error(f"{number_of(len(missed), 'record was', 'records were')} changed by somebody else meanwhile and left "
                 "alone; the others are saved.", icon=":material/error:")
        return
    st.toast(f"Calibrated today: {number_of(len(done), 'record')}", icon=":material/event_available:")
    state.current().refresh()
    st.rerun()
