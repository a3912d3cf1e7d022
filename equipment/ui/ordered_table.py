"""Tables in which people type the place where a row shall stand, and how such a table is saved."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from backup_engine.errors import BackupError
from equipment.ui.plain import plain

POSITION = "Position"


def version(key: str) -> int:
    """Give the number that belongs into the editor's key: with the next one it forgets what was typed."""
    return int(st.session_state.setdefault(key, 0))


def position_column(rows: int, what: str) -> ColumnConfig:
    """Configure the column of places."""
    return st.column_config.NumberColumn(min_value=1, max_value=max(rows, 1), step=1, required=True,
                                         help=f"Type the place where the {what} shall stand")


def new_order(given: pd.DataFrame, edited: pd.DataFrame, column: str) -> list[str] | None:
    """Give the values of a column in their new order, ``None`` when nobody moved any.

    A row that was given a place goes before the one that stood there when it moves up, after it when it moves down.
    """
    moved = edited[POSITION] != given[POSITION]
    if not moved.any():
        return None
    place = edited[POSITION] - moved * 0.5 + (edited[POSITION] > given[POSITION]) * 1.0
    return [str(value) for value in edited.assign(place=place).sort_values("place", kind="stable")[column]]


def done(key: str, act: Callable[[], str]) -> None:
    """Save, say what came of it, and draw the page anew; a refusal is shown and what was typed stays."""
    try:
        message = act()
    except BackupError as error:
        st.error(plain(str(error)))
        return
    st.session_state[key] = version(key) + 1
    st.toast(plain(message), icon=":material/check:")
    st.rerun()
