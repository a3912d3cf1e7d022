"""Calibration: what is overdue or due, a month at a glance, dates nobody can read, plans, and all work that is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import quote

import pandas as pd
import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain import calibration
from equipment.domain.calibration import Item
from equipment.domain.counting import number_of
from equipment.domain.life.due import Due
from equipment.domain.query import Only, Query
from equipment.domain.record import NEXT_CALIBRATION
from equipment.domain.values.dates import STATUSES, Status
from equipment.domain.values.fields import Date, FieldType, dates_of
from equipment.index.sheet import Sheet
from equipment.store.life import due as due_work
from equipment.store.list import listing, records, schema
from equipment.store.list.records import Save
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.parts import window
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.events import calendar_address, due_part, plans_part

ONLY: Mapping[Status, Only] = {
    "overdue": "overdue", "due soon": "due", "fine": "fine", "not needed": "not needed", "no date": "no date",
    "cannot read": "cannot read"}
"""What the list is asked for, for each status."""
LABELS = {"overdue": "Overdue", "due soon": "Due in 30 days", "fine": "Fine", "not needed": "Not needed",
          "no date": "No date", "cannot read": "Cannot read"}
HORIZONS = (30, 60, 90, 180, 365)
SHOWN_PER_DAY = 3
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show(app: App) -> None:
    """Draw the section."""
    today, types = date.today(), schema.types(app.database)
    sheet = listing.shown(app.database)
    if not len(sheet):
        st.info("No equipment yet.", icon=":material/inventory_2:")
        return
    counts = sheet.by_status(types, today)
    _cards(counts)
    reminders, month, fix, plans, work = st.tabs(
        ["Reminders", "Calendar", f"Fix-up list ({counts['cannot read']})", "Plans", "Due work"],
        key="calibration_part", on_change="rerun",
    )
    if reminders.open:
        with reminders:
            _reminders(sheet, types, today)
    if month.open:
        with month:
            _month(app, sheet, types, today)
    if fix.open:
        with fix:
            _fix_up(app, calibration.unreadable(sheet, types, today), dates_of(types, NEXT_CALIBRATION))
    if plans.open:
        with plans, boundary.guard("Plans"):
            plans_part.show(app, sheet)
    if work.open:
        with work, boundary.guard("Due work"):
            due_part.show(app)
            calendar_address.show(app)


def _cards(counts: Mapping[Status, int]) -> None:
    """Draw a card for each status; it opens its records in the list."""
    with st.container(horizontal=True, gap="xsmall"):
        for status in STATUSES:
            st.button(f"{LABELS[status]}  \n**{counts[status]:,}**", key=f"calibration_{status}", width=150,
                      disabled=not counts[status], on_click=_open, args=(status,), help="Show them in the list.")


def _open(status: Status) -> None:
    now = state.current()
    now.ask(Query(only=ONLY[status], sort=now.query.sort, descending=now.query.descending))
    state.go(state.FIRST_SECTION)


def _reminders(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> None:
    days = st.segmented_control("Due within", HORIZONS, default=30, format_func=lambda value: f"{value} days",
                                required=True, key="calibration_days")
    due = calibration.due_within(sheet, types, today, int(days or 30))
    if not due:
        st.success(f"Nothing is due within {days} days.", icon=":material/task_alt:")
        return
    rows = [
        {"ID": item.number, "Equipment": item.name, "Location": item.location, "Last": item.last, "Next": item.next,
         "Due": item.day, "When": calibration.due_in_words(item.day, today), "Open": f"?id={item.key}"}
        for item in due
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, width="stretch",
        column_config={
            "Due": st.column_config.DateColumn(format="YYYY-MM-DD"),
            "Open": st.column_config.LinkColumn(display_text="Open"),
        },
    )


def _month(app: App, sheet: Sheet, types: Mapping[str, FieldType], today: date) -> None:
    shown: date = st.session_state.setdefault("calibration_month", today.replace(day=1))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"#### {shown:%B %Y}", width="content")
        if st.button("Earlier", icon=":material/chevron_left:"):
            _turn(shown, -1)
        if st.button("Later", icon=":material/chevron_right:"):
            _turn(shown, 1)
    weeks = calibration.month(sheet, types, today, shown.year, shown.month)
    planned: dict[date, list[Due]] = {}
    for each in due_work.planned(app.database, weeks[0][0][0], weeks[-1][-1][0]):
        planned.setdefault(each.day, []).append(each)
    if window.is_narrow():
        _days([(day, [*due, *planned.get(day, ())]) for week in weeks for day, due in week
               if day.month == shown.month])
        return
    for column, name in zip(st.columns(7), DAYS, strict=True):
        column.caption(name)
    for week in weeks:
        for column, (day, due) in zip(st.columns(7), week, strict=True):
            with column.container(border=True, height=118):
                _day(day, [*due, *planned.get(day, ())], today,
                     inside=day.month == shown.month)


def _days(month: Sequence[tuple[date, Sequence[Item | Due]]]) -> None:
    """Draw the days on which something is due, one below the other: seven beside each other need a wider window."""
    for day, due in month:
        if due:
            st.markdown(f"**{DAYS[day.weekday()]} {day.day}**")
            st.markdown("  \n".join(map(_link, due)))
    if not any(due for _, due in month):
        st.caption("Nothing is due in this month.")


def _turn(shown: date, months: int) -> None:
    index = shown.year * 12 + shown.month - 1 + months
    st.session_state["calibration_month"] = date(index // 12, index % 12 + 1, 1)
    st.rerun()


def _day(day: date, due: Sequence[Item | Due], today: date, *, inside: bool) -> None:
    number = f":blue-badge[**{day.day}** today]" if day == today else str(day.day)
    st.markdown(number if inside or day == today else f":gray[{day.day}]")
    for item in due[:SHOWN_PER_DAY]:
        st.markdown(_link(item))
    if len(due) > SHOWN_PER_DAY:
        with st.popover(f"{len(due) - SHOWN_PER_DAY} more", type="tertiary"):
            st.markdown("  \n".join(map(_link, due[SHOWN_PER_DAY:])))


def _link(item: Item | Due) -> str:
    return f"[{_short(item)}](?id={quote(item.thing if isinstance(item, Due) else item.key)})"


def _short(item: Item | Due) -> str:
    """Name a record, and of planned work what is to be done: there is more room for that than for both."""
    what = item.title if isinstance(item, Due) else item.name
    return plain(f"{item.number} {what}".strip(), 24) or "record"


def _fix_up(app: App, unreadable: Sequence[Item], kind: Date) -> None:
    if not unreadable:
        st.success("Every date can be read.", icon=":material/task_alt:")
        return
    st.write("These dates can be read in more than one way, or not at all. Type what is meant, for example 2026-08-06.")
    given = pd.DataFrame(
        [{"ID": item.number, "Equipment": item.name, "Now": item.next, "Why": item.why, "New date": ""}
         for item in unreadable],
        index=[item.key for item in unreadable],
    )
    version = st.session_state.setdefault("calibration_fix_version", 0)
    edited = st.data_editor(
        given, hide_index=True, width="stretch", disabled=["ID", "Equipment", "Now", "Why"] if app.may("records.edit")
        else True, key=f"calibration_fix_{version}",
    )
    typed = {str(key): str(text).strip() for key, text in edited["New date"].items() if str(text or "").strip()}
    wrong = [text for text in typed.values() if not kind.fits(text)]
    if wrong:
        st.warning(f"Still cannot be read: {plain(', '.join(wrong))}. Type year-month-day.")
    if st.button(f"Save {number_of(len(typed), 'date')}", type="primary", disabled=not typed or bool(wrong)):
        _save(app, typed)


def _save(app: App, typed: dict[str, str]) -> None:
    entries = records.entries(app.database, list(typed))
    saves = [Save(entry, {NEXT_CALIBRATION: typed[entry.key]}) for entry in entries]
    try:
        done = records.save(app.database, app.who, saves, note="calibration fix-up list")
    except BackupError as error:
        st.error(plain(str(error)))
        return
    missed = [saved for saved in done if saved.status == "conflict"]
    if missed:
        them = number_of(len(missed), "record was", "records were")
        st.warning(f"{them} changed by somebody else meanwhile and left alone.")
        return
    st.session_state["calibration_fix_version"] += 1
    st.rerun()
