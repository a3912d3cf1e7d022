"""Activity: who changed what, when; the difference of each entry, and the log as a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import streamlit as st

from equipment.domain.actions import in_words
from equipment.domain.differences import differences
from equipment.domain.record import text
from equipment.exchange.export import to_csv
from equipment.store import activity
from equipment.store.access import require
from equipment.store.activity import Filter
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["show"]

PAGE: Final = 100
MOST_EXPORTED: Final = 200_000
KINDS: Final = {
    "Records": ("records.", "trash.", "labels."), "Options": ("options.",), "Columns and views": ("columns.", "views."),
    "Backups": ("backup.",), "Sign-ins": ("sign_in", "sign_out"), "Accounts": ("user.",),
    "Settings": ("settings.", "sample."),
}
FOR_ADMINISTRATORS: Final = ("Sign-ins", "Accounts", "Settings")
PERIODS: Final = {"Today": 0, "7 days": 6, "30 days": 29, "All": None}
COLUMNS: Final = ("at", "who", "address", "action", "target", "note", "before", "after")


def show(app: App) -> None:
    """Draw the screen."""
    chosen = activity.readable(app.database, app.who, _filters(app))
    total = activity.count(app.database, chosen)
    if not total:
        st.info("Nothing happened here yet." if chosen.query() == Filter(without=chosen.without).query()
                else "No entry matches these filters.", icon=":material/history:")
        return
    number = _page_number(total)
    entries = activity.find(app.database, chosen, limit=PAGE, skip=(number - 1) * PAGE)
    selected = _table(app, entries)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{total:,} entries", width="content")
        if app.may("activity.export"):
            _export(app, chosen, total)
    if selected is not None:
        _entry(selected)


def _filters(app: App) -> Filter:
    readable = activity.readable(app.database, app.who, Filter())
    kinds = [kind for kind in KINDS if app.may("users.manage") or kind not in FOR_ADMINISTRATORS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Search", key="activity_text", icon=":material/search:", width=260,
                              placeholder="Person, action, target, note")
        people = st.multiselect("Who", activity.names(app.database, readable), key="activity_who", width=260)
        picked = st.multiselect("What", kinds, key="activity_kinds", width=300)
        period = st.segmented_control("When", list(PERIODS), default="All", key="activity_period") or "All"
    since = _since(PERIODS[period])
    actions = tuple(itertools.chain.from_iterable(KINDS[kind] for kind in picked))
    return Filter(names=tuple(people), actions=actions, text=typed.strip()[:200], since=since)


def _since(days: int | None) -> datetime | None:
    if days is None:
        return None
    first: date = datetime.now().astimezone().date() - timedelta(days=days)
    return datetime.combine(first, time()).astimezone().astimezone(UTC)


def _page_number(total: int) -> int:
    pages = -(-total // PAGE)
    if pages == 1:
        return 1
    return int(st.number_input(f"Page of {pages}", 1, pages, key=f"activity_page_{pages}", width=160))


def _table(app: App, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    rows = [
        {"When": entry["at"], "Who": entry["who"], "What": in_words(entry["action"]), "Target": entry["target"],
         "Change": _in_short(entry), "Note": entry["note"]}
        | ({"From": entry["address"]} if app.may("users.manage") else {})
        for entry in entries
    ]
    picked = st.dataframe(
        rows, hide_index=True, on_select="rerun", selection_mode="single-row", key="activity_table",
        height="content" if len(rows) < 15 else 560,
        column_config={"When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )
    positions = picked["selection"]["rows"]
    return entries[positions[0]] if positions and positions[0] < len(entries) else None


def _in_short(entry: dict[str, Any]) -> str:
    changed = differences(entry["before"], entry["after"])
    if entry["before"] is None or entry["after"] is None:
        return ""
    words = [f"{field}: {_short(before)} → {_short(after)}" for field, before, after in changed[:3]]
    return "; ".join(words) + ("; …" if len(changed) > 3 else "")


def _short(value: Any) -> str:
    shown = text(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def _entry(entry: dict[str, Any]) -> None:
    with st.container(border=True):
        when = entry["at"].astimezone()
        st.markdown(f"**{plain(in_words(entry['action']))}** by **{plain(entry['who'])}** at {when:%Y-%m-%d %H:%M:%S}")
        st.text(f"{entry['target']}  {entry['note']}".strip())
        changed = differences(entry["before"], entry["after"])
        if not changed:
            st.caption("No values were recorded with this entry.")
            return
        st.dataframe(
            [{"Field": field, "Before": text(before), "After": text(after)} for field, before, after in changed],
            hide_index=True, height="content",
        )


def _export(app: App, chosen: Filter, total: int) -> None:
    """Offer the filtered log; the file is made when asked for, and the role is checked again then."""

    def file() -> bytes:
        require(app.database, app.who, "activity.export")
        return b"".join(to_csv(_rows(app, chosen), COLUMNS, text))

    label = "Download as CSV" if total <= MOST_EXPORTED else f"Download the newest {MOST_EXPORTED:,} as CSV"
    st.download_button(label, file, file_name="activity.csv", mime="text/csv", icon=":material/download:",
                       on_click="ignore")


def _rows(app: App, chosen: Filter) -> Iterator[dict[str, Any]]:
    with_address = app.account.may("users.manage")
    for entry in activity.stream(app.database, chosen, limit=MOST_EXPORTED):
        yield entry if with_address else entry | {"address": ""}
