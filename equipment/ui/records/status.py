"""The status of things: its badge, setting it for a record or for ticked rows, and the retired ones left out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backup_engine.records.folding import fold
from equipment.domain.counting import number_of
from equipment.domain.life.status import COLUMN, RETIRED, STATUSES, color_of, known
from equipment.domain.record import MISSING, name_of, read, text
from equipment.index.sheet import Sheet
from equipment.store.list import undoable
from equipment.store.list.records import Entry, Save
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing

__all__ = ["badge", "dialog", "retired", "saves", "without_retired"]

MOST = 2_000
NAMED = 5


def badge(entry: Entry) -> str:
    """Give a record's status as a badge for Markdown; empty where it has none."""
    words = text(entry.record.get(COLUMN)).strip()
    return f":{color_of(words)}-badge[{plain(known(words) or words, 60)}]" if words else ""


@st.dialog("Status", icon=":material/label:")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Set the status of the ticked records."""
    del total
    with boundary.guard("Status"):
        if len(ticked) > MOST:
            st.warning(f"At most {MOST:,} at once: tick fewer, or use *Bulk edit*.")
            return
        more = f" and {len(ticked) - NAMED:,} more" if len(ticked) > NAMED else ""
        st.markdown(f"**{', '.join(plain(name_of(entry.record)) for entry in ticked[:NAMED])}**{more}")
        now = {known(text(entry.record.get(COLUMN))) for entry in ticked}
        chosen = st.pills("Status", STATUSES, default=now.pop() if len(now) == 1 else None, key="status_chosen")
        note = st.text_input("Why", key="status_note", max_chars=200, placeholder="Stands in the history")
        with st.container(horizontal=True):
            sure = st.button("Save", type="primary", icon=":material/check:", disabled=chosen is None,
                             key="status_save")
            cancelled = st.button("Cancel", key="status_cancel")
        if sure and chosen is not None:
            _save(app, saves(ticked, chosen), chosen, note)
        elif cancelled:
            st.rerun()


def saves(ticked: Sequence[Entry], chosen: str) -> list[Save]:
    """Give what to write; a record that says so already, in whatever case, stays as it is."""
    return [Save(entry, {COLUMN: read(chosen, entry.record.get(COLUMN, MISSING))}) for entry in ticked
            if known(text(entry.record.get(COLUMN))) != chosen]


def retired(sheet: Sheet) -> int:
    """Count the records that are retired."""
    return sum(count for words, count in sheet.values(COLUMN).items() if fold(words).strip() == fold(RETIRED))


def without_retired(sheet: Sheet) -> None:
    """Say below the list how many it leaves out, and offer them; nothing where it leaves out none."""
    now, count = state.current(), retired(sheet)
    if count and not now.query.is_filtering:
        words = f"Show {count:,} retired" if now.viewed.active else f"Leave out {count:,} retired"
        st.button(words, key=now.key("retired"), type="tertiary", icon=":material/inventory_2:",
                  on_click=_with_retired, args=(now.viewed.active,))


def _with_retired(wanted: bool) -> None:
    state.current().show_retired(wanted)


def _save(app: App, wanted: list[Save], chosen: str, note: str) -> None:
    number, done = undoable.save(app.database, app.who, wanted, note=f"{COLUMN}: {chosen}. {note}".strip(" .")
                                 ) if wanted else ("", [])
    saved = [each for each in done if each.status in ("updated", "unchanged")]
    if saved:
        undoing.offer(number, f"{number_of(len(saved), 'record')}: {chosen}.")
    missed = len(done) - len(saved)
    if missed:
        words = number_of(missed, "record was", "records were")
        st.toast(f"{words} changed by somebody else meanwhile and left alone.", icon=":material/error:")
    state.current().refresh()
    st.rerun()
