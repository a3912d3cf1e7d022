"""*Done today* for ticked due work: who did it, with what result, and of each row its next day and certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from backup_engine.errors import BackupError, BadInput
from equipment.domain.counting import number_of
from equipment.domain.life.due import Due
from equipment.domain.life.event import Done
from equipment.domain.record import text
from equipment.domain.values.dates import read_date
from equipment.store.life import plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import records, schema
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing
from equipment.ui.records.events import event_form
from equipment.ui.records.loans import outcome

__all__ = ["ask", "wanted"]

NEXT: Final = "Next due"
Work = Sequence[tuple[Due, Entry]]


def ask(app: App, ticked: Sequence[Due]) -> None:
    """Open the dialog, with the records as they are now."""
    found = {entry.key: entry for entry in records.entries(app.database, [due.thing for due in ticked])}
    _dialog(app, [(due, found[due.thing]) for due in ticked if due.thing in found])


@st.dialog("Done today", width="large", icon=":material/task_alt:", on_dismiss=outcome.forget)
def _dialog(app: App, work: Work) -> None:
    with boundary.guard("Done today"):
        if len(work) > servicing.MOST_AT_ONCE:
            st.warning(f"At most {servicing.MOST_AT_ONCE} at once: tick fewer.")
            return
        outcome.left_open()
        today = state.today()
        by, result, note = event_form.what_became(app)
        given = pd.DataFrame([_row(app, due, entry, today) for due, entry in work])
        edited = st.data_editor(given, hide_index=True, width="stretch", height="content", key="done_rows",
                                disabled=["Equipment", "What"])
        st.caption("Without a day it is due again as its plan says. The dates of a record follow its calibration.")
        place, sure, cancelled = outcome.buttons(f"Write {number_of(len(work), 'event')}", "check", "done_save",
                                                 disabled=not work)
        if sure:
            try:
                events = wanted(work, edited.to_dict("records"), Done("other", today, by, result, note=note))
                number, written = servicing.write(app.database, app.who, events, today=today, note="done today")
            except BackupError as error:
                boundary.explain(error)
                return
            if number:
                undoing.offer(number, f"Done today: {number_of(len(work), 'event')}; dates of calibrations follow.")
            outcome.finish(written, "Done today:", place)
        elif cancelled:
            outcome.leave()


def wanted(work: Work, rows: Sequence[Mapping[Any, Any]], done: Done) -> list[Wrote]:
    """Give the events to write, of each row what is typed there and the rest as in *done*.

    Raises ``BadInput`` that names every text that is no day.
    """
    wrong = [plain(typed) for row in rows if (typed := str(row[NEXT] or "").strip()) and read_date(typed).day is None]
    if wrong:
        raise BadInput(f"Not a date: {', '.join(wrong)}.", hint="Type year-month-day.")
    return [Wrote(entry, Done(due.kind, done.day, done.by, done.result, str(row["Cost"] or ""),
                              str(row["Certificate"] or ""), done.note, read_date(str(row[NEXT] or "")).last_day,
                              due.plan))
            for (due, entry), row in zip(work, rows, strict=True)]


def _row(app: App, due: Due, entry: Entry, today: date) -> dict[str, str]:
    then = ""
    if due.kind == "calibration":
        planned = plans.of_thing(app.database, entry.key, text(entry.record.get("Category")))
        then = event_form.next_calibration(entry, planned, schema.types(app.database), today).isoformat()
    return {"Equipment": due.called, "What": due.title, NEXT: then, "Certificate": "", "Cost": ""}
