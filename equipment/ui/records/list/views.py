"""Saved views: open, save and delete searches under a name."""

from __future__ import annotations

from typing import Final

import streamlit as st

from equipment.domain.query import Query
from equipment.store.list import views
from equipment.store.list.views import View
from equipment.ui import boundary, fragment
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.state import State

ASKED: Final = "view_asked"
"""The number of the view of which it is asked whether it should go."""


def popover(app: App, now: State) -> None:
    """Draw the button and, while it is open, the views and the form for a new one."""
    with st.popover("Views", icon=":material/bookmark:", key="records_views", on_change="rerun") as box:
        if box.open:
            with boundary.guard("Saved views"):
                _held(app, now.query)


@fragment.part("Equipment Records", leave=state.asks_anew)
def _held(app: App, _drawn: Query, /) -> None:
    _saved(app)
    _new(app, state.current())


def _saved(app: App) -> None:
    saved = views.of(app.database, app.who)
    if not saved:
        st.caption("No saved views yet. A view keeps the search, the filters and the order.")
    for view in saved:
        if st.session_state.get(ASKED) == view.number:
            _ask(app, view)
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            icon = ":material/group:" if view.shared else ":material/bookmark:"
            st.button(
                plain(view.label(app.account.key), 100),
                icon=icon,
                key=f"view_{view.number}",
                type="tertiary",
                on_click=_open,
                args=(view.query,),
            )
            if view.owner == app.account.key:
                st.space("stretch")
                st.button(
                    "",
                    icon=":material/delete:",
                    key=f"view_delete_{view.number}",
                    type="tertiary",
                    help=f"Delete the view {plain(view.name, 100)}",
                    on_click=_set_asked,
                    args=(view.number,),
                )


def _ask(app: App, view: View) -> None:
    """Ask in the place of the view's own line: a popover holds no other one."""
    whose = " It goes for everybody." if view.shared else ""
    st.markdown(f"Delete the view **{plain(view.name, 100)}**?{whose}")
    with st.container(horizontal=True):
        st.button("Delete it", type="primary", key=f"view_delete_{view.number}_now", on_click=_delete,
                  args=(app, view.number))
        st.button("Cancel", key=f"view_delete_{view.number}_cancel", on_click=_set_asked, args=("",))


def _new(app: App, now: State) -> None:
    with st.form("records_new_view", border=False, clear_on_submit=True):
        name = st.text_input("Save what is shown now as", placeholder="For example: Overdue in Lab 2", max_chars=60)
        shared = app.may("views.share") and st.checkbox("For everybody")
        if st.form_submit_button("Save view", icon=":material/bookmark_add:"):
            with boundary.guard("Saved views"):
                views.save(app.database, app.who, name, now.query, shared=shared)
                st.toast(f"View “{plain(name)}” saved", icon=":material/bookmark_added:")
                st.rerun()


def _open(query: Query) -> None:
    state.current().ask(query)


def _set_asked(number: str) -> None:
    st.session_state[ASKED] = number


def _delete(app: App, number: str) -> None:
    _set_asked("")
    with boundary.guard("Saved views"):
        views.delete(app.database, app.who, number)
