"""What became of a deed on many things: a line where all went well, else each thing that was left, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from equipment.domain.counting import number_of
from equipment.ui.plain import plain
from equipment.ui.records import state

__all__ = ["NAMED", "Became", "buttons", "finish", "forget", "leave", "left_open"]

DONE: Final = "loan_done"
"""Whether the dialog that is open has done its work and shows what it left."""
NAMED: Final = 5


class Became(Protocol):
    """What became of one thing."""

    @property
    def name(self) -> str:
        """The thing's."""

    @property
    def why(self) -> str:
        """Why nothing was done with it; empty when it was."""


def left_open() -> None:
    """Close a dialog that has done its work, whatever was pressed in it: its fields must not be used again."""
    if st.session_state.get(DONE):
        leave()


def buttons(label: str, icon: str, key: str, *, disabled: bool = False) -> tuple[DeltaGenerator, bool, bool]:
    """Draw the button that does it and *Cancel*; gives their place, and which was pressed."""
    place = st.empty()
    with place.container(horizontal=True):
        sure = st.button(label, type="primary", icon=f":material/{icon}:", key=key, disabled=disabled)
        cancelled = st.button("Cancel", key=f"{key}_cancel")
    return place, sure, cancelled


def finish(done: Sequence[Became], begin: str, place: DeltaGenerator, *, what_each: str = "thing") -> None:
    """Close the dialog with a line, which begins so; stay open with the reasons when something was left.

    ``what_each`` is what one of them is called.
    """
    good = [lent for lent in done if not lent.why]
    left = [lent for lent in done if lent.why]
    what = plain(good[0].name) if len(good) == 1 else number_of(len(good), what_each)
    if good:
        st.toast(f"{plain(begin)} {what}", icon=":material/swap_horiz:")
    if not left:
        leave()
    st.session_state[DONE] = True
    place.empty()
    were = number_of(len(left), f"{what_each} was", f"{what_each}s were")
    st.error(f"{were} left as {'it was' if len(left) == 1 else 'they were'}"
             f"{f'; done for {what}' if good else ''}.", icon=":material/error:")
    for lent in left:
        st.markdown(f"**{plain(lent.name)}**: {plain(lent.why)}")
    st.button("Close", key="loan_close")


def leave() -> None:
    """Close the dialog, and look at the list anew."""
    forget()
    st.rerun()


def forget() -> None:
    """The dialog is closed, by its cross too: the next one may begin."""
    st.session_state.pop(DONE, None)
    state.current().refresh()
