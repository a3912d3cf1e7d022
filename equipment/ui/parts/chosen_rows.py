"""A table whose rows are chosen by what they are, not by where they stand.

Streamlit knows the numbers of the chosen rows alone. Somebody else who adds or removes one meanwhile would move the
choice to a neighbour, and the next click would meet that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import streamlit as st

__all__ = ["chosen", "draw", "forget"]


def chosen(name: str) -> tuple[str, ...]:
    """Give what is chosen in the table of that name, whether or not it is still in there."""
    found: tuple[str, ...] = st.session_state.get(name, ())
    return found


def draw(name: str, rows: Any, are: Sequence[str], *, many: bool = False, **look: Any) -> None:
    """Draw *rows*, of which each *is* something that no other is; what is chosen, and still there, is marked."""
    # Named after what it shows: with other rows it is another table, which begins with the rows that were chosen.
    digest = sha256("\n".join(are).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    key = f"{_drawn(name)}_{st.session_state.get(_drawn(name), 0)}_{digest}"
    marked = [row for row, each in enumerate(are) if each in set(chosen(name))]
    st.dataframe(
        rows, key=key, hide_index=True, on_select=partial(_take, name, key, are),
        selection_mode="multi-row" if many else "single-row", selection_default={"selection": {"rows": marked}}, **look,
    )


def forget(name: str) -> None:
    """Choose nothing any more."""
    st.session_state.pop(name, None)
    st.session_state[_drawn(name)] = st.session_state.get(_drawn(name), 0) + 1


def _drawn(name: str) -> str:
    return f"table_of_{name}"


def _take(name: str, key: str, are: Sequence[str]) -> None:
    """Runs before the page is drawn anew, so that all of it speaks of the same choice."""
    rows = st.session_state[key]["selection"]["rows"]
    st.session_state[name] = tuple(are[row] for row in rows if row < len(are))
