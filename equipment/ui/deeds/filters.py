"""The filters of Activity: person, deed, record, time and text; what they let through, and the address of its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from equipment.server.downloads import activity_log
from equipment.store import activity
from equipment.store.activity import ABOUT_ACCOUNTS, Filter
from equipment.store.deeds import asked
from equipment.ui import links, time_zone
from equipment.ui.context import App

__all__ = ["Chosen", "choose"]

FOR_ADMINISTRATORS: Final = ("Sign-ins", "Accounts", "Settings")
BETWEEN: Final = "Between"
PERIODS: Final = {"Today": 0, "7 days": 6, "30 days": 29, BETWEEN: None, "All": None}


@dataclass(frozen=True)
class Chosen:
    """What the filters say."""

    filter: Filter
    address: str
    """Of the file with the same entries."""
    any: bool
    """Whether anything is filtered."""


def choose(app: App) -> Chosen:
    """Draw the filters and give what they say."""
    everything = activity.readable(app.database, app.who, Filter())
    # 180 and 120, 155 and 155: two a row on a page of 360 pixels
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        words = {
            "text": st.text_input("Search", key="activity_text", icon=":material/search:", width=180,
                                  placeholder="Person, note, deed"),
            "record": st.text_input("Record", key="activity_record", width=120, placeholder="ID",
                                    help="What happened to the record with this ID, also when it is gone."),
        }
        who = st.multiselect("Who", activity.names(app.database, everything), key="activity_who", width=155)
        what = st.multiselect("What", _deeds(app), key="activity_kinds", width=155)
        period = st.segmented_control("When", list(PERIODS), default="All", key="activity_period") or "All"
        since, until = _span(period, time_zone.of_reader())
    parameters: dict[str, Any] = {"who": who, "what": what} | {name: text.strip() for name, text in words.items()}
    moments = {"since": since, "until": until}
    parameters |= {name: moment.isoformat() for name, moment in moments.items() if moment}
    parameters = {name: value for name, value in parameters.items() if value}
    chosen = asked.to_filter(app.database, who=who, what=what, since=since, until=until, **words)
    return Chosen(activity.readable(app.database, app.who, chosen),
                  links.to(f"{activity_log.PATH}?{urlencode(parameters, doseq=True)}"), bool(parameters))


def _deeds(app: App) -> list[str]:
    if app.may("users.manage"):
        return [*asked.KINDS, *asked.ACTIONS]
    kinds = [kind for kind in asked.KINDS if kind not in FOR_ADMINISTRATORS]
    return [*kinds, *(words for words, action in asked.ACTIONS.items() if not action.startswith(ABOUT_ACCOUNTS))]


def _span(period: str, zone: tzinfo | None) -> tuple[datetime | None, datetime | None]:
    """Give the instants between which it lies; days are the reader's."""
    if period == BETWEEN:
        days = st.date_input("From – to", value=[], key="activity_days", format="YYYY-MM-DD", width=240)
        picked = list(days) if isinstance(days, tuple) else [days]
        if not picked:
            return None, None
        return _start(picked[0], zone), _start(picked[-1] + timedelta(days=1), zone)
    back = PERIODS[period]
    if back is None:
        return None, None
    return _start(datetime.now(UTC).astimezone(zone).date() - timedelta(days=back), zone), None


def _start(day: date, zone: tzinfo | None) -> datetime:
    there = datetime.combine(day, time())
    return (there.replace(tzinfo=zone) if zone else there.astimezone(None)).astimezone(UTC)
