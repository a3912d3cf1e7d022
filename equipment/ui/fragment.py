"""A part of the page that a click inside it runs alone: the page around it is neither run nor sent again."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec

import streamlit as st

from backup_engine.errors import DatabaseUnreachable
from equipment.logs import reference
from equipment.server import database
from equipment.server.metrics import page_times
from equipment.ui import boundary
from equipment.ui.context import App

__all__ = ["Around", "drawn_around", "part"]

P = ParamSpec("P")
AROUND = "_page_around"
MOST_SECONDS = 60.0
"""How long the header, with the age of the newest backup, stays as it was drawn."""


@dataclass(frozen=True)
class Around:
    """What stands around the parts of a page, as it was drawn."""

    read_only: bool
    at: float

    def is_old(self, now: App) -> bool:
        """Whether it has to be drawn anew."""
        return now.read_only != self.read_only or time.monotonic() - self.at > MOST_SECONDS


def drawn_around(app: App) -> None:
    """Note that a whole page is drawn now."""
    st.session_state[AROUND] = Around(app.read_only, time.monotonic())


def part(
    tab: str, leave: Callable[Concatenate[App, P], bool],
) -> Callable[[Callable[Concatenate[App, P], None]], Callable[Concatenate[App, P], None]]:
    """Make a function that draws a part of a tab one that a click inside it runs alone.

    ``leave`` gets the same arguments and says whether that click was about more than the part: then the whole page
    runs.

    Run alone it is as safe as a page: the database is asked whether this visitor's session still lives and whether
    the account is what it was; the whole page runs when either has changed, when nobody answers, when the list began
    or ended to take changes, and once a minute for what stands around the part. What a part shows of the list it has
    to look at itself: its other arguments are those of the page that drew it.
    """

    def decorate(draw: Callable[Concatenate[App, P], None]) -> Callable[Concatenate[App, P], None]:
        drawn = f"_part_{draw.__module__}.{draw.__qualname__}"

        @st.fragment
        @functools.wraps(draw)
        def run(app: App, *args: P.args, **kwargs: P.kwargs) -> None:
            # Every run of the page makes an App of its own; a part that runs alone is given that of its page again.
            if st.session_state.get(drawn) is not app:
                st.session_state[drawn] = app
                draw(app, *args, **kwargs)
                return
            with reference.request(), page_times.times.measured() as measured, boundary.guard(tab):
                measured.tab = tab
                now = _again(app)
                if st.session_state[AROUND].is_old(now) or leave(now, *args, **kwargs):
                    st.rerun()
                draw(now, *args, **kwargs)

        return run

    return decorate


def _again(app: App) -> App:
    """Give the visitor's view as it is now, or run the whole page, which says what has changed."""
    from equipment.ui.entrance import login

    try:
        db = database.connect(app.settings)
    except DatabaseUnreachable:
        st.rerun()
    if login.account_of(db, app.settings, app.who) != app.account:
        st.rerun()
    return replace(app, database=db)
