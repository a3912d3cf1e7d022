"""How the file is read: what was guessed, with the first rows beside it, and every guess can be said otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backup_engine.errors import BackupError
from equipment.domain.counting import number_of
from equipment.exchange.reading import apart
from equipment.exchange.reading.choices import ENCODINGS, QUOTES, SEPARATORS, Choices
from equipment.exchange.reading.tables import Table
from equipment.ui.plain import plain

__all__ = ["SAID", "explain", "forget", "show"]

TABLE, SAID = "import_table", "import_said"
LONGEST_EXAMPLE = 40
FIRST = 20
"""Rows in the preview."""
HEADER_ROWS = {1: "1", 2: "2", 3: "3"}
_FOLLOWING = ("header", "header_rows")
"""What is guessed anew when the rows are others."""


def show(given: UploadedFile) -> Table | None:
    """Draw the choices and the preview; gives the table, or None when it cannot be read so."""
    said = st.session_state.get(SAID)
    if said is None or said[0] != given.file_id:
        said = st.session_state[SAID] = given.file_id, {}
    try:
        table, problem = _read(given, Choices(**said[1])), None
    except BackupError as error:
        table, problem = None, error
    with st.expander("How the file is read", expanded=True, icon=":material/table_view:"):
        left, right = st.columns([1, 2], gap="medium")
        with left:
            _choices(said[1], table)
        with right:
            if problem is not None:
                explain(problem)
            if table is not None:
                _preview(table)
    for note in table.notes if table is not None else ():
        st.caption(f":material/info: {plain(note)}")
    return table


def forget() -> None:
    """Let go of the file."""
    st.session_state.pop(TABLE, None)
    st.session_state.pop(SAID, None)


def explain(error: BackupError) -> None:
    """Say what is wrong and what to do."""
    st.error(plain(error.message), icon=":material/error:")
    if error.hint:
        st.caption(plain(error.hint))


def _read(given: UploadedFile, chosen: Choices) -> Table:
    """Read the file as was chosen, once: every click runs the page anew."""
    wanted = given.file_id, chosen
    known = st.session_state.get(TABLE)
    if known is None or known[0] != wanted:
        given.seek(0)
        with st.spinner(f"Reading {plain(given.name)}"):
            known = wanted, apart.read(given, given.name, chosen)
        st.session_state[TABLE] = known
    table: Table = known[1]
    return table


def _choices(said: dict[str, Any], table: Table | None) -> None:
    now = table.read_as if table is not None else Choices(**said)
    if table is not None and table.sheets:
        _select(said, "sheet", "Sheet", {name: name for name in table.sheets}, now.sheet)
    else:
        _select(said, "encoding", "Encoding", ENCODINGS, now.encoding or "utf-8")
        _select(said, "separator", "Separator", _with(SEPARATORS, now.separator or ","), now.separator or ",")
        _select(said, "quote", "Quotes", QUOTES, now.quote or '"')
    row, rows = st.columns(2)
    with row:
        _number(said, now.header)
    with rows:
        _select(said, "header_rows", "Rows of names", HEADER_ROWS, max(1, now.header_rows))
    if (table is not None and table.left_out) or now.leave_out is False:
        count = f" ({table.left_out:,})" if table is not None and table.left_out else ""
        leaves = now.leave_out is not False
        key = f"import_leave_out_{leaves}"
        st.checkbox(f"Leave out rows that are no records{count}", value=leaves, key=key, on_change=_say,
                    args=(said, "leave_out", key), help="Totals, the column names once more, another table. Which ones "
                                                        "is said below.")
    if table is not None and table.apostrophes:
        such = ", ".join(plain(cell[:LONGEST_EXAMPLE]) for cell in table.apostrophes)
        key = f"import_apostrophes_{now.apostrophes}"
        st.checkbox("Take off the apostrophe before = + - @", value=now.apostrophes, key=key, on_change=_say,
                    args=(said, "apostrophes", key), help="Some programs put one there so that a spreadsheet does not "
                                                          "take the text for a formula; others mean it.")
        st.caption(f"Such as {such}")
    if said:
        st.button("Back to what was found", icon=":material/undo:", on_click=said.clear)


def _select(said: dict[str, Any], name: str, label: str, options: Mapping[Any, str], now: Any) -> None:
    key = f"import_{name}_{now}"  # with another value it is another widget, so that a new guess is shown
    st.selectbox(label, list(options), index=list(options).index(now), format_func=lambda value: options[value],
                 key=key, on_change=_say, args=(said, name, key))


def _number(said: dict[str, Any], now: int | None) -> None:
    key = f"import_header_{now}"
    st.number_input("Row with the names", min_value=0, step=1, value=1 if now is None else now, key=key,
                    on_change=_say, args=(said, "header", key),
                    help="The row of the file that holds the column names; 0: there is none.")


def _say(said: dict[str, Any], name: str, key: str) -> None:
    if name in ("encoding", "separator", "quote", "sheet"):
        for other in _FOLLOWING:
            said.pop(other, None)
    said[name] = st.session_state[key]


def _with(options: Mapping[str, str], value: str) -> Mapping[str, str]:
    return options if value in options else {**options, value: f"“{value}”"}


def _preview(table: Table) -> None:
    width = len(table.headers)
    rows = [[*map(table.text, row), *[""] * (width - len(row))] for row in table.rows[:FIRST]]
    st.dataframe(pd.DataFrame(rows, columns=list(table.headers)), hide_index=True, width="stretch", height=320)
    there = len(table.rows)
    shown = f"The first {FIRST} of {there:,} rows" if there > FIRST else number_of(there, "row")
    st.caption(f"{shown}, {number_of(width, 'column')}.")
