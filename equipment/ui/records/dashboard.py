"""The list in pictures: what there is, where, from whom, what is due when, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import altair as alt
import pandas as pd
import streamlit as st

from equipment.domain import calibration
from equipment.domain.search import Sheet
from equipment.domain.values.fields import TYPES, FieldType
from equipment.store.list import listing, schema
from equipment.ui.context import App

TOP = 12
HEIGHT = 260
MONTHS_AHEAD = 12


def show(app: App) -> None:
    """Draw the section."""
    sheet = listing.sheet(app.database)
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
    worth = pd.Series(sheet.numbers("Purchase Value", TYPES["number"]))
    columns = st.columns(4)
    columns[0].metric("Records", f"{counts.records:,}", border=True)
    columns[1].metric("Overdue calibration", f"{counts.overdue:,}", border=True)
    columns[2].metric("Purchase value", f"{worth.sum():,.0f}", border=True,
                      help=f"Sum of the {worth.notna().sum():,} values that can be read as a number")
    columns[3].metric("Without serial", f"{counts.no_serial:,}", border=True)


def _bars(sheet: Sheet, column: str) -> alt.Chart:
    counted = pd.Series(sheet.composed(column).to_pylist()).replace("", "(empty)").value_counts()
    shown = counted.head(TOP)
    if len(counted) > TOP:
        shown = pd.concat([shown, pd.Series({f"{len(counted) - TOP} others": counted[TOP:].sum()})])
    frame = pd.DataFrame({column: shown.index.astype(str), "Records": shown.to_numpy()})
    return _chart(frame, f"By {column.lower()}").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Records:Q", title=None), tooltip=[column, "Records"],
        y=alt.Y(f"{column}:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False)),
    )


def _due(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> alt.Chart:
    months = pd.period_range(pd.Period(today, "M"), periods=MONTHS_AHEAD, freq="M")
    items = calibration.items(sheet, types, today)
    due = pd.Series([item.day for item in items if item.day and item.day >= today])
    counts = pd.PeriodIndex(pd.to_datetime(due), freq="M").value_counts() if len(due) else pd.Series(dtype=int)
    frame = pd.DataFrame({"Month": [f"{month:%b %y}" for month in months],
                          "Records": [int(counts.get(month, 0)) for month in months]})
    return _chart(frame, "Calibrations due, next 12 months").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Month:N", sort=None, title=None), y=alt.Y("Records:Q", title=None), tooltip=["Month", "Records"]
    )


def _value(sheet: Sheet) -> alt.Chart:
    frame = pd.DataFrame({"Category": sheet.composed("Category").to_pylist(),
                          "Value": sheet.numbers("Purchase Value", TYPES["number"])})
    frame["Category"] = frame["Category"].replace("", "(empty)")
    summed = frame.groupby("Category")["Value"].sum().sort_values(ascending=False).head(TOP).reset_index()
    return _chart(summed, "Purchase value by category").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Value:Q", title=None, axis=alt.Axis(format="~s")), y=alt.Y("Category:N", sort=None, title=None,
                                                                                   axis=alt.Axis(labelOverlap=False)),
        tooltip=["Category", alt.Tooltip("Value:Q", format=",.0f")],
    )


def _years(sheet: Sheet) -> alt.Chart:
    years = pd.Series(sheet.numbers("Year of Purchase", TYPES["number"])).dropna()
    counts = years[(years > 1900) & (years < 2200)].astype(int).value_counts().sort_index()
    frame = pd.DataFrame({"Year": counts.index.astype(str), "Records": counts.to_numpy()})
    return _chart(frame, "By year of purchase").mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("Year:O", title=None), y=alt.Y("Records:Q", title=None), tooltip=["Year", "Records"]
    )


def _chart(frame: pd.DataFrame, title: str) -> alt.Chart:
    return alt.Chart(frame, title=title, height=HEIGHT)
