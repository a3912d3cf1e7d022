"""Making a plan, changing it, and letting it end: the dialogs in *Plans* and on a record's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.due import CATEGORY
from equipment.domain.life.event import KINDS
from equipment.domain.life.plan import MOST, UNITS, Plan, Rhythm, in_words
from equipment.domain.life.words import LONGEST_WORDS
from equipment.domain.record import name_of
from equipment.domain.values.collation import in_order
from equipment.store.life import plans
from equipment.store.list import listing, records
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.loans import outcome

__all__ = ["change", "end", "make"]

FOR: Final = ("A category", "One thing")


@st.dialog("Plan", icon=":material/event_repeat:")
def make(app: App, entry: Entry | None = None) -> None:
    """Make a plan: for this record, or for what is chosen."""
    with boundary.guard("Plan"):
        thing, category = _target(app) if entry is None else (entry.key, "")
        if entry is not None:
            st.markdown(f"**{plain(name_of(entry.record))}**")
        _finish("Make the plan", _asked(thing, category, None), lambda rhythm: plans.add(app.database, app.who, rhythm))


@st.dialog("Change the plan", icon=":material/event_repeat:")
def change(app: App, seen: Plan) -> None:
    """Change a plan as it was when the dialog opened."""
    with boundary.guard("Plan"):
        st.markdown(f"**{plain(seen.name or seen.rhythm.category)}**")
        asked = _asked(seen.rhythm.thing, seen.rhythm.category, seen)
        _finish("Save", asked, lambda rhythm: plans.change(app.database, app.who, seen, rhythm))


@st.dialog("End the plan", icon=":material/event_busy:")
def end(app: App, seen: Plan) -> None:
    """Ask, and let a plan end."""
    with boundary.guard("Plan"):
        st.markdown(plain(in_words(seen)))
        st.caption("It asks for nothing any more. What was done stays.")
        _finish("End it", seen.rhythm, lambda _: plans.end(app.database, app.who, seen.number))


def _target(app: App) -> tuple[str, str]:
    if st.segmented_control("For", FOR, default=FOR[0], required=True, key="plan_for") == FOR[0]:
        known = [name for name in in_order(listing.shown(app.database).values(CATEGORY)) if name.strip()]
        return "", st.selectbox("Category", known, key="plan_category", format_func=plain) or ""
    typed = st.text_input("ID of the thing", key="plan_thing", max_chars=records.LONGEST_ID)
    found = records.named(app.database, typed)
    if len(found) == 1 and (entry := records.get(app.database, found[0])):
        st.caption(plain(name_of(entry.record)))
        return found[0], ""
    if typed.strip():
        st.caption("Several records have this ID." if found else "No record has this ID.")
    return "", ""


def _asked(thing: str, category: str, seen: Plan | None) -> Rhythm:
    now = seen.rhythm if seen else Rhythm("maintenance", 12, "months", state.today())
    first, second = st.columns(2)
    with first:
        kind = st.selectbox("Kind", KINDS, KINDS.index(now.kind), key="plan_kind", format_func=str.capitalize)
    with second:
        what = st.text_input("What is to be done", now.what, key="plan_what", max_chars=LONGEST_WORDS,
                             placeholder="Change the filter")
    first, second, third = st.columns(3)
    with first:
        every = st.number_input("Every", 1, max(MOST.values()), now.every, key="plan_every")
    with second:
        unit = st.selectbox("Unit", UNITS, UNITS.index(now.unit), key="plan_unit")
    with third:
        start = st.date_input("First due on", now.start, key="plan_start", min_value=date(1950, 1, 1),
                              help="Where nothing was done yet.")
    return Rhythm(kind, int(every), unit, start if isinstance(start, date) else now.start, what, thing, category)


def _finish(label: str, rhythm: Rhythm, act: Callable[[Rhythm], Plan]) -> None:
    _, sure, cancelled = outcome.buttons(label, "check", "plan_save")
    if sure:
        try:
            plan = act(rhythm)
        except BackupError as error:
            boundary.explain(error)
            return
        st.toast(f"{'Ended: ' if plan.ended else ''}{plain(in_words(plan))}", icon=":material/event_repeat:")
    if sure or cancelled:
        state.current().refresh()
        st.rerun()
