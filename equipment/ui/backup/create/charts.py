"""Two pictures: when backups were made this week, and how the list and the sets grew."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

import altair as alt
import pandas as pd
import streamlit as st

from backup_engine.api import BackupSet
from equipment.backups import Backups, Caller
from equipment.ui import time_zone
from equipment.ui.backup import words

HEIGHT = 240
"""Pixels, title and axes included: with 190 the names of two days lay over each other."""
FEWEST = 3
"""Sets from which on a picture says more than the table above it."""
HOURS = "timeFormat(datum.value, hours(datum.value) || minutes(datum.value) ? '%H:%M' : '%d %b')"
"""How a moment is written on an axis: Vega's own way has AM and PM."""
DRAWN = 500
"""Points of the growth chart: of more sets every second, third … one is drawn, and the newest in any case."""


def show(backups: Backups, caller: Caller) -> None:
    """Draw both charts, once there are enough sets to draw."""
    sets = [backup for backup in reversed(backups.sets(caller)) if backup.usable]
    if len(sets) < FEWEST:
        return
    week, growth = st.columns(2)
    week.altair_chart(_week(sets, backups.now()), width="stretch")
    growth.altair_chart(_growth(sets), width="stretch")


def _week(sets: list[BackupSet], now: datetime) -> alt.Chart:
    zone = time_zone.of_reader()
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(6, -1, -1)]
    cells = {(day, hour): 0 for day in days for hour in range(24)}
    first = _begin(days[0], zone)
    for backup in sets:
        if backup.started < first:
            continue
        local = backup.started.astimezone(zone)
        if (local.date(), local.hour) in cells:
            cells[local.date(), local.hour] += 1
    frame = pd.DataFrame(
        [{"Day": day.strftime("%a %d"), "Hour": hour, "Backups": number} for (day, hour), number in cells.items()]
    )
    said = ", ".join(f"{day:%a %d}: {sum(cells[day, hour] for hour in range(24))}" for day in days)
    return (
        alt.Chart(frame, title="Backups this week, by hour", height=HEIGHT,
                  description=f"Backups made each day of this week: {said}")
        .mark_rect(stroke="transparent", cornerRadius=2)
        .encode(
            x=alt.X("Hour:O", axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3)))),
            y=alt.Y("Day:O", sort=[day.strftime("%a %d") for day in days], title=None,
                    axis=alt.Axis(labelOverlap=False, labelFlush=False)),
            color=alt.Color("Backups:Q", legend=None, scale=alt.Scale(range=["#8fa3b522", "#2f7fb8"], domainMin=0)),
            tooltip=["Day", "Hour", "Backups"],
        )
    )


def _begin(day: date, zone: tzinfo | None) -> datetime:
    # Without a zone: this server's, by the rules of that day and not by today's offset.
    return datetime.combine(day, time.min, zone) if zone else datetime.combine(day, time.min).astimezone(None)


def _growth(everything: list[BackupSet]) -> alt.LayerChart:
    sets = everything[:: -max(1, len(everything) // DRAWN)][::-1]
    frame = pd.DataFrame(
        [{"When": backup.started, "Records": sum(backup.counts.values()),
          "KB": words.stored_bytes(backup) / 1000} for backup in sets]
    )
    first, last = frame.iloc[0], frame.iloc[-1]
    said = (f"Records from {first['Records']:,} on {first['When']:%Y-%m-%d} to {last['Records']:,} on "
            f"{last['When']:%Y-%m-%d}; the size of a set from {first['KB']:,.0f} to {last['KB']:,.0f} KB")
    base = alt.Chart(frame, title="Records and size of each set", height=HEIGHT).encode(
        x=alt.X("When:T", title=None, axis=alt.Axis(labelExpr=HOURS, labelOverlap="greedy")),
        tooltip=[alt.Tooltip("When:T", format="%Y-%m-%d %H:%M"), "Records:Q", alt.Tooltip("KB:Q", format=",.1f")]
    )
    records = base.mark_line(point=True).encode(y=alt.Y("Records:Q", scale=alt.Scale(zero=False)))
    size = base.mark_area(opacity=0.15).encode(y=alt.Y("KB:Q", title="Size (KB)"))
    return alt.layer(size, records).resolve_scale(y="independent").properties(description=said)
