"""*Stocktaking*: choose a place, scan or tick what is there, see what is missing or misplaced, apply it as one deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.counting import number_of
from equipment.domain.life.stocktaking import LOCATION, LONGEST_SCAN, Result
from equipment.domain.record import name_of, text
from equipment.domain.values.collation import in_order
from equipment.store.life import stocktakings
from equipment.store.life.stocktakings import Stocktaking
from equipment.store.list import listing, records
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.parts import chosen_rows
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing

__all__ = ["show"]

CHOSEN: Final = "stocktaking_chosen"
CODE: Final = "stocktaking_code"
SAID: Final = "stocktaking_said"
SHOWN: Final = 500
"""Rows of one table."""


def show(app: App) -> None:
    """Draw the section."""
    there = {each.number: each for each in stocktakings.opened(app.database)}
    chosen = there.get(st.session_state.get(CHOSEN, ""))
    if chosen is None:
        _begin(app, list(there.values()))
    else:
        _going_on(app, chosen)


def _begin(app: App, there: Sequence[Stocktaking]) -> None:
    for each in there:
        words = f"{each.place}: {number_of(len(each.seen), 'thing')} seen, begun by {each.by}"
        st.button(plain(f"Go on with {words}"), icon=":material/play_arrow:", key=f"stocktaking_{each.number}",
                  on_click=_choose, args=(each.number,))
    places = in_order(words for words in listing.shown(app.database).values(LOCATION) if words.strip())
    place = st.selectbox("Place", places, index=None, key="stocktaking_place", accept_new_options=True, width=380,
                         placeholder="Choose a location, or type one")
    if st.button("Begin", type="primary", icon=":material/checklist:", disabled=not place, key="stocktaking_begin"):
        try:
            _choose(stocktakings.begin(app.database, app.who, place or "").number)
        except BackupError as error:
            boundary.explain(error)
            return
        st.rerun()
    st.caption("What is seen there is compared with what the list says. Nothing is written before *Apply*.")


def _going_on(app: App, chosen: Stocktaking) -> None:
    try:
        stocktaking, found = stocktakings.result(app.database, chosen.number)
    except BackupError as error:  # somebody else has ended it
        st.session_state.pop(CHOSEN, None)
        st.warning(plain(str(error)))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(stocktaking.place), anchor=False, width="content")
        st.markdown(f":green-badge[{len(found.there):,} there] :orange-badge[{len(found.missing):,} missing] "
                    f":blue-badge[{len(found.misplaced):,} from elsewhere]")
        st.button("Other place", icon=":material/arrow_back:", type="tertiary", key="stocktaking_leave",
                  on_click=_choose, args=("",))
    st.text_input("Scan or type", key=CODE, max_chars=LONGEST_SCAN, on_change=_scanned, args=(app, stocktaking),
                  placeholder="A label's code, or an ID, and Enter", width=480)
    for good, words in st.session_state.pop(SAID, []):
        (st.success if good else st.warning)(plain(words))
    _missing(app, stocktaking, found)
    _misplaced(app, stocktaking, found)
    _apply(app, stocktaking, found)


def _choose(number: str) -> None:
    st.session_state[CHOSEN] = number


def _scanned(app: App, stocktaking: Stocktaking) -> None:
    code = st.session_state.get(CODE, "")
    st.session_state[CODE] = ""
    if not code.strip():
        return
    try:
        found = stocktakings.find_code(app.database, code)
        said = [(False, f"Nothing in the list is called {code[:80]}.")] if not found else [
            _seen(app, stocktaking, entry) for entry in found]
    except BackupError as error:
        said = [(False, str(error))]
    st.session_state[SAID] = said


def _seen(app: App, stocktaking: Stocktaking, entry: Entry) -> tuple[bool, str]:
    new = stocktakings.see(app.database, app.who, stocktaking.number, entry.key)
    where = text(entry.record.get(LOCATION)).strip()
    elsewhere = f", by the list in {where}" if where and where != stocktaking.place else ""
    return True, f"{name_of(entry.record)} is here{elsewhere}{'' if new else ', and was seen before'}."


def _missing(app: App, stocktaking: Stocktaking, found: Result) -> None:
    if not found.missing:
        return
    st.markdown(f"**Not seen yet** ({len(found.missing):,})")
    shown = records.entries(app.database, list(found.missing[:SHOWN]))
    ticked = _table(shown, "stocktaking_missing")
    if st.button(f"{len(ticked)} seen" if ticked else "Seen", icon=":material/check:", disabled=not ticked,
                 key="stocktaking_see"):
        for entry in ticked:
            stocktakings.see(app.database, app.who, stocktaking.number, entry.key)
        chosen_rows.forget("stocktaking_missing")
        st.rerun()


def _misplaced(app: App, stocktaking: Stocktaking, found: Result) -> None:
    if not found.misplaced:
        return
    st.markdown(f"**Here, and by the list elsewhere** ({len(found.misplaced):,})")
    shown = records.entries(app.database, list(found.misplaced[:SHOWN]))
    ticked = _table(shown, "stocktaking_misplaced")
    if st.button(f"{len(ticked)} not here after all" if ticked else "Not here after all", icon=":material/close:",
                 disabled=not ticked, key="stocktaking_unsee"):
        for entry in ticked:
            stocktakings.unsee(app.database, app.who, stocktaking.number, entry.key)
        chosen_rows.forget("stocktaking_misplaced")
        st.rerun()


def _table(shown: Sequence[Entry], name: str) -> list[Entry]:
    rows = pd.DataFrame([{"Equipment": name_of(entry.record), "Serial": text(entry.record.get("Serial")),
                          "Location": text(entry.record.get(LOCATION))} for entry in shown])
    chosen_rows.draw(name, rows, [entry.key for entry in shown], many=True, placeholder="", alt="Things")
    ticked = set(chosen_rows.chosen(name))
    return [entry for entry in shown if entry.key in ticked]


def _apply(app: App, stocktaking: Stocktaking, found: Result) -> None:
    lost = bool(found.missing) and st.checkbox(
        f"What was not seen ({len(found.missing):,}) gets the status *Lost*", key="stocktaking_lost")
    with st.container(horizontal=True):
        sure = st.button("Apply and end", type="primary", icon=":material/check:", key="stocktaking_apply",
                         disabled=app.refuses(stocktakings.RIGHT))
        dropped = st.button("End without writing", key="stocktaking_drop")
    if sure:
        try:
            number, done = stocktakings.apply(app.database, app.who, stocktaking.number,
                                              found.missing if lost else ())
        except BackupError as error:
            boundary.explain(error)
            return
        _told(stocktaking, number, [saved.status for saved in done])
    elif dropped:
        stocktakings.drop(app.database, app.who, stocktaking.number)
    if sure or dropped:
        _choose("")
        state.current().refresh()
        st.rerun()


def _told(stocktaking: Stocktaking, number: str, states: Sequence[str]) -> None:
    saved = sum(status in ("updated", "unchanged") for status in states)
    if number and saved:
        undoing.offer(number, f"Stocktaking of {stocktaking.place}: {number_of(saved, 'record')} changed.")
    if len(states) > saved:
        words = number_of(len(states) - saved, "record was", "records were")
        st.toast(f"{words} changed by somebody else meanwhile and left alone.", icon=":material/error:")
