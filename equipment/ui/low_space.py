"""The banner while the disk of the data folder is nearly full; it goes by itself when there is room again."""

from __future__ import annotations

import streamlit as st

from equipment.domain.counting import size_of
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["show"]

LOOK_SECONDS = 10.0


def show(app: App) -> None:
    """Draw it if there is need."""
    if app.short_of_room:
        _banner(app)


@st.fragment(run_every=LOOK_SECONDS)
def _banner(app: App) -> None:
    room = app.room
    if room is None or not room.short:
        st.rerun()
        return
    missing = max(1_000_000, room.least - room.free)
    st.error(
        f"**The list is read-only: the disk is nearly full.** {size_of(room.free)} are free on the disk of the "
        f"data folder {plain(str(room.place))}, and {size_of(room.least)} are needed. Free {size_of(missing)} there: "
        "the list then takes changes again by itself.  \nNothing is lost. Reading, downloads and backups go on, and "
        "backups can be deleted.",
        icon=":material/hard_drive:",
    )
