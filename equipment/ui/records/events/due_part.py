"""*Due work*: what dates, plans and events ask for, the most urgent first; ticked rows are done today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from urllib.parse import quote

import pandas as pd
import streamlit as st

from equipment.domain.calibration import due_in_words
from equipment.domain.life.due import Due
from equipment.store.life import due, servicing
from equipment.ui.context import App
from equipment.ui.parts import chosen_rows
from equipment.ui.records import state
from equipment.ui.records.events import done_today

__all__ = ["show"]

TABLE: Final = "due_table"
HORIZONS: Final = (30, 60, 90, 180, 365)


def show(app: App) -> None:
    """Draw the part."""
    today = state.today()
    days = st.segmented_control("Due within", HORIZONS, default=30, format_func=lambda value: f"{value} days",
                                required=True, key="due_days")
    found = due.work(app.database, today, int(days or 30))
    if not found:
        st.success(f"Nothing is due within {days} days.", icon=":material/task_alt:")
        return
    ticked = set(chosen_rows.chosen(TABLE))
    _buttons(app, [each for each in found if _name(each) in ticked])
    chosen_rows.draw(
        TABLE, pd.DataFrame([_row(each, today) for each in found]), list(map(_name, found)), many=True,
        placeholder="", alt="Due work",
        column_config={"Open": st.column_config.LinkColumn(display_text="Open"),
                       "Due": st.column_config.DateColumn(format="YYYY-MM-DD"),
                       "Last": st.column_config.DateColumn(format="YYYY-MM-DD")})


def _name(each: Due) -> str:
    """Say which row it is: a thing may have several plans."""
    return f"{each.thing}|{each.kind}|{each.plan}"


def _buttons(app: App, ticked: Sequence[Due]) -> None:
    if not app.may(servicing.RIGHT):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if st.button(f"Done today ({len(ticked):,})" if ticked else "Done today", icon=":material/task_alt:",
                     type="primary", key="due_done", disabled=not ticked or app.read_only):
            done_today.ask(app, ticked)
        if not ticked:
            st.caption("Tick rows to write down what was done today", width="content")


def _row(each: Due, today: date) -> dict[str, object]:
    return {"Equipment": each.called, "What": each.title, "Due": each.day, "When": due_in_words(each.day, today),
            "Last": each.last, "Kind": each.kind, "Location": each.location, "Open": f"?id={quote(each.thing)}"}
