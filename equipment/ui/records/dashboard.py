"""The list in pictures: what there is, where, from whom, what is due when, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

import altair as alt
import pandas as pd
import streamlit as st

from equipment.domain import calibration
from equipment.domain.query import Query
from equipment.domain.values.fields import TYPES, FieldType
from equipment.index.sheet import Sheet
from equipment.store.list import listing, schema
from equipment.ui.context import App

TOP = 12
HEIGHT = 260
MONTHS_AHEAD = 12


def show(app: App) -> None:
    """Draw the section."""
    sheet = listing.shown(app.database)
    if not len(sheet):
        st.info("No equipment yet.", icon=":material/inventory_2:")
        return
    today, types = date.today(), schema.types(app.database)
    _numbers(sheet, types, today)
    left, right = st.columns(2)
    left.altair_chart(_bars(sheet, "Category"), width="stretch")
    right.altair_chart(_bars(sheet, "Location"), width="stretch")
    left.altair_chart(_bars(sheet, "Vendor"), width="stretch")
    right.altair_chart(_due(sheet, types, today), width="stretch")
    left.altair_chart(_value(sheet), width="stretch")
    right.altair_chart(_years(sheet), width="stretch")


def _numbers(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> None:
    counts = sheet.counts(types, today)
    worth = _numbers_in(sheet, "Purchase Value")
    columns = st.columns(4)
    columns[0].metric("Records", f"{counts.records:,}", border=True)
    columns[1].metric("Overdue calibration", f"{counts.overdue:,}", border=True)
    columns[2].metric("Purchase value", f"{sum(value * count for value, count in worth.items()):,.0f}", border=True,
                      help=f"Sum of the {sum(worth.values()):,} values that can be read as a number")
    columns[3].metric("Without serial", f"{counts.no_serial:,}", border=True)


def _bars(sheet: Sheet, column: str) -> alt.Chart:
    counted = sheet.facet(column, Query(), {}, date.today()) or []
    shown = [(value or "(empty)", count) for value, count in counted[:TOP]]
    if len(counted) > TOP:
        shown.append((f"{len(counted) - TOP} others", sum(count for _, count in counted[TOP:])))
    frame = pd.DataFrame(shown, columns=[column, "Records"])
    return _chart(frame, f"By {column.lower()}").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Records:Q", title=None), tooltip=[column, "Records"],
        y=alt.Y(f"{column}:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False)),
    )


def _due(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> alt.Chart:
    months = pd.period_range(pd.Period(today, "M"), periods=MONTHS_AHEAD, freq="M")
    counts: Counter[tuple[int, int]] = Counter()
    for day, count in calibration.days_due(sheet, types).items():
        if day >= today:
            counts[day.year, day.month] += count
    frame = pd.DataFrame({"Month": [f"{month:%b %y}" for month in months],
                          "Records": [counts[month.year, month.month] for month in months]})
    return _chart(frame, "Calibrations due, next 12 months").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Month:N", sort=None, title=None), y=alt.Y("Records:Q", title=None), tooltip=["Month", "Records"]
    )


def _value(sheet: Sheet) -> alt.Chart:
    sums = sheet.sums("Category", "Purchase Value", TYPES["number"]).items()
    most = sorted(sums, key=lambda pair: (-pair[1], pair[0]))[:TOP]
    summed = pd.DataFrame([(name or "(empty)", value) for name, value in most], columns=["Category", "Value"])
    return _chart(summed, "Purchase value by category").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Value:Q", title=None, axis=alt.Axis(format="~s")), y=alt.Y("Category:N", sort=None, title=None,
                                                                                   axis=alt.Axis(labelOverlap=False)),
        tooltip=["Category", alt.Tooltip("Value:Q", format=",.0f")],
    )


def _years(sheet: Sheet) -> alt.Chart:
    counts: Counter[int] = Counter()
    for year, count in _numbers_in(sheet, "Year of Purchase").items():
        if 1900 < year < 2200:
            counts[int(year)] += count
    frame = pd.DataFrame([(str(year), counts[year]) for year in sorted(counts)], columns=["Year", "Records"])
    return _chart(frame, "By year of purchase").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Year:O", title=None), y=alt.Y("Records:Q", title=None), tooltip=["Year", "Records"]
    )


def _numbers_in(sheet: Sheet, column: str) -> dict[float, int]:
    """Count the numbers that the texts of a column state."""
    counted: dict[float, int] = {}
    for text, count in sheet.values(column).items():
        if (number := TYPES["number"].key(text)) is not None:
            counted[number] = counted.get(number, 0) + count
    return counted


def _chart(frame: pd.DataFrame, title: str) -> alt.Chart:
    return alt.Chart(frame, title=title, height=HEIGHT)
