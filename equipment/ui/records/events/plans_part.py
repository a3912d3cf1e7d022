"""*Plans*: what is done again and again, how often, to how many things; made, changed and ended by managers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from equipment.domain.counting import number_of
from equipment.domain.life import due as rules
from equipment.domain.life.plan import Plan, in_words
from equipment.index.sheet import Sheet
from equipment.store.life import plans
from equipment.ui import time_zone
from equipment.ui.context import App
from equipment.ui.parts import chosen_rows
from equipment.ui.plain import plain
from equipment.ui.records.events import plan_form

__all__ = ["show"]

TABLE: Final = "plans_table"


def show(app: App, sheet: Sheet) -> None:
    """Draw the part."""
    found = plans.listed(app.database)
    ticked = chosen_rows.chosen(TABLE)
    chosen = next((plan for plan in found if plan.number in ticked), None)
    if app.may(plans.RIGHT):
        _buttons(app, chosen)
    if not found:
        st.caption(":material/event_repeat: Nothing is planned. A plan asks for maintenance, inspections or "
                   "calibrations again and again, of one thing or of a whole category.")
    else:
        chosen_rows.draw(TABLE, pd.DataFrame([_row(sheet, plan) for plan in found]),
                         [plan.number for plan in found], placeholder="", alt="Plans")
    _ended(plans.listed(app.database, ended=True))


def _buttons(app: App, chosen: Plan | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if st.button("Add plan", icon=":material/add:", type="primary", key="plans_add", disabled=app.read_only):
            plan_form.make(app)
        if st.button("Change", icon=":material/edit:", key="plans_change",
                     disabled=chosen is None or app.read_only) and chosen:
            plan_form.change(app, chosen)
        if st.button("End", icon=":material/event_busy:", key="plans_end",
                     disabled=chosen is None or app.read_only) and chosen:
            plan_form.end(app, chosen)
        if chosen is None:
            st.caption("Tick a plan to change or end it", width="content")


def _row(sheet: Sheet, plan: Plan) -> dict[str, object]:
    rhythm = plan.rhythm
    return {"What": plan.title, "Kind": rhythm.kind, "Every": number_of(rhythm.every, rhythm.unit[:-1]),
            "For": plan.name or f"Category {rhythm.category}", "Things": len(rules.rows_of(sheet, plan)),
            "First due": rhythm.start, "Made by": plan.by}


def _ended(found: Sequence[Plan]) -> None:
    if found:
        with st.expander(f"Ended ({len(found):,})"):
            for plan in reversed(found):
                when = time_zone.shown_time(plan.ended) if plan.ended else ""
                st.caption(plain(f"{in_words(plan)}; ended {when} by {plan.ended_by}"))
