"""The list in pictures: what there is, where, from whom, what is due when, and what it cost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import altair as alt
import pandas as pd
import streamlit as st

from equipment.domain import calibration
from equipment.domain.counting import number_of
from equipment.domain.query import EMPTY_LABEL, Query
from equipment.domain.record import NEXT_CALIBRATION
from equipment.domain.values.fields import TYPES, FieldType
from equipment.domain.values.units import is_currency
from equipment.index.sheet import Sheet
from equipment.store.list import listing, schema
from equipment.ui.context import App
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain
from equipment.ui.records import state

TOP = 12
CLICKED = "bar"
"""Name of the chart's selection."""
HEIGHT = 260
MONTHS_AHEAD = 12
MOST_CURRENCIES = 5
BESIDE = re.compile(r"[\d\s.,'’()+−-]+")
"""What of a price is no currency."""
ONE_SUM = "Numbers without a currency, and those of several, are added up as they stand."
NO_CURRENCY = "The list names no currency."
FEWEST = 3
"""Bars from which on a picture says more than a sentence."""
BLUE = "#0072b2"
"""Of Okabe and Ito's palette, which people see apart whatever colours they see; 5.2:1 on white, 3.4:1 on dark."""


@dataclass(frozen=True)
class Bar:
    """One bar: what it is, how long, and what the list is asked for when somebody clicks it; None: nothing."""

    label: str
    number: float
    query: Query | None = None


def show(app: App) -> None:
    """Draw the section."""
    sheet = listing.shown(app.database)
    if not len(sheet):
        st.info("No equipment yet.", icon=":material/inventory_2:")
        return
    today, types = date.today(), schema.types(app.database)
    _numbers(sheet, types, today)
    left, right = st.columns(2)
    with left:
        _lying("By category", _by(sheet, "Category"))
        _lying("By vendor", _by(sheet, "Vendor"))
        _lying(f"{_worth(sheet)} by category", _value(sheet), format="~s")
    with right:
        _lying("By location", _by(sheet, "Location"))
        _standing("Calibrations due, next 12 months", _due(sheet, types, today))
        _standing("By year of purchase", _years(sheet))


def _numbers(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> None:
    counts = sheet.counts(types, today)
    worth = _numbers_in(sheet, "Purchase Value")
    cards = metric_cards.row()
    cards.metric("Records", f"{counts.records:,}", border=True)
    cards.metric("Overdue calibration", f"{counts.overdue:,}", border=True)
    cards.metric(plain(_worth(sheet)), f"{sum(value * count for value, count in worth.items()):,.0f}", border=True,
                 help=f"Sum of {number_of(sum(worth.values()), 'value')} that can be read as a number. "
                      f"{ONE_SUM if currencies(sheet) else NO_CURRENCY}")
    cards.metric("Without serial", f"{counts.no_serial:,}", border=True)


def _worth(sheet: Sheet) -> str:
    """Name the sums of purchase values with the currencies that stand in them."""
    named = currencies(sheet)
    return f"Purchase value ({' + '.join(named)})" if named else "Purchase value"


def currencies(sheet: Sheet) -> list[str]:
    """Give the currencies named beside purchase values, as they are typed there, the most frequent first."""
    counted: Counter[str] = Counter()
    for text, count in sheet.values("Purchase Value").items():
        for part in {part for part in BESIDE.sub(" ", text).split() if is_currency(part)}:
            counted[part.upper()] += count
    return [name for name, _ in counted.most_common(MOST_CURRENCIES)]


def _by(sheet: Sheet, column: str) -> list[Bar]:
    counted = sheet.facet(column, Query(), {}, date.today()) or []
    bars = [Bar(value or EMPTY_LABEL, count, Query().having("choices", column, [value]))
            for value, count in counted[:TOP]]
    if len(counted) > TOP:
        bars.append(Bar(number_of(len(counted) - TOP, "other"), sum(count for _, count in counted[TOP:])))
    return bars


def _due(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> list[Bar]:
    counts: Counter[tuple[int, int]] = Counter()
    for day, count in calibration.days_due(sheet, types).items():
        if day >= today:
            counts[day.year, day.month] += count
    bars = []
    for month in pd.period_range(pd.Period(today, "M"), periods=MONTHS_AHEAD, freq="M"):
        first, last = max(today, month.start_time.date()), month.end_time.date()
        query = Query(lows={NEXT_CALIBRATION: first.isoformat()}, highs={NEXT_CALIBRATION: last.isoformat()})
        bars.append(Bar(f"{month:%b %y}", counts[month.year, month.month], query))
    return bars


def _value(sheet: Sheet) -> list[Bar]:
    sums = sheet.sums("Category", "Purchase Value", TYPES["number"]).items()
    most = sorted(sums, key=lambda pair: (-pair[1], pair[0]))[:TOP]
    return [Bar(name or EMPTY_LABEL, value, Query().having("choices", "Category", [name])) for name, value in most]


def _years(sheet: Sheet) -> list[Bar]:
    counts: Counter[int] = Counter()
    for year, count in _numbers_in(sheet, "Year of Purchase").items():
        if 1900 < year < 2200:
            counts[int(year)] += count
    return [Bar(str(year), counts[year], Query(lows={"Year of Purchase": str(year)},
                                               highs={"Year of Purchase": str(year)})) for year in sorted(counts)]


def _lying(title: str, bars: Sequence[Bar], format: str = ",d") -> None:
    # No label is moved to stay within the axis: the first one lay over the second.
    _draw(title, bars, format, lambda chart: chart.encode(
        x=alt.X("number:Q", title=None, axis=alt.Axis(format=format, labelFlush=False, tickCount=6)),
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False, labelFlush=False, labelLimit=160)),
    ))


def _standing(title: str, bars: Sequence[Bar]) -> None:
    _draw(title, bars, ",d", lambda chart: chart.encode(
        x=alt.X("label:N", sort=None, title=None, axis=alt.Axis(labelFlush=False, labelOverlap="greedy")),
        y=alt.Y("number:Q", title=None, axis=alt.Axis(format=",d", labelFlush=False, tickCount=5, tickMinStep=1)),
    ))


def _draw(title: str, bars: Sequence[Bar], format: str, over: Callable[[alt.Chart], alt.Chart]) -> None:
    said = ", ".join(f"{bar.label}: {bar.number:,.0f}" for bar in bars)
    if sum(bar.number > 0 for bar in bars) < FEWEST:
        st.markdown(f"**{plain(title)}**")
        st.caption(plain(said) or "Nothing to count yet.")
        return
    frame = pd.DataFrame({"at": range(len(bars)), "label": [bar.label for bar in bars],
                          "number": [bar.number for bar in bars]})
    chart = over(alt.Chart(frame, title=title, height=HEIGHT, description=f"{title}: {said}").mark_bar(
        cornerRadiusEnd=3, color=BLUE, cursor="pointer").encode(
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("number:Q", title=" ", format=",.0f")]))
    key = f"dashboard_{title}"
    st.altair_chart(chart.add_params(alt.selection_point(name=CLICKED, fields=["at"])), width="stretch", key=key,
                    on_select=lambda: _open(key, bars), selection_mode=CLICKED)


def _open(key: str, bars: Sequence[Bar]) -> None:
    """Show what is behind a bar in the list."""
    picked = st.session_state[key]["selection"].get(CLICKED) or []
    at = next((each.get("at") for each in picked), None)
    if not isinstance(at, int) or not 0 <= at < len(bars):
        return
    query = bars[at].query
    if query is not None:
        now = state.current()
        now.ask(replace(query, sort=now.query.sort, descending=now.query.descending))
        state.go(state.FIRST_SECTION)


def _numbers_in(sheet: Sheet, column: str) -> dict[float, int]:
    """Count the numbers that the texts of a column state."""
    counted: dict[float, int] = {}
    for text, count in sheet.values(column).items():
        if (number := TYPES["number"].key(text)) is not None:
            counted[number] = counted.get(number, 0) + count
    return counted
