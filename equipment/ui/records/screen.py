"""Equipment Records: the sections over the list, the empty list, and the way to a single record."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import streamlit as st

from equipment.store.list import listing
from equipment.ui import boundary, reading
from equipment.ui.context import App
from equipment.ui.record import detail
from equipment.ui.records import elsewhere, empty, state
from equipment.ui.records.changing import bulk, pending, undoing
from equipment.ui.records.list import made_export, unindexed

__all__ = ["SECTIONS", "Section", "show"]


@dataclass(frozen=True)
class Section:
    """One section: its name, its icon, the action that opens it, and the module whose ``show(app)`` draws it."""

    name: str
    icon: str
    action: str
    module: str
    needs_records: bool = True
    """Whether there is nothing to draw in an empty list; one that looks at the list itself says so itself."""

    def draw(self, app: App) -> None:
        """Draw it; the module is loaded when it is first wanted."""
        importlib.import_module(f"equipment.ui.records.{self.module}").show(app)


SECTIONS = (
    Section("Browse", "table_rows", "records.read", "list.browse", needs_records=False),
    Section("Edit", "edit", "records.edit", "changing.edit"),
    Section("Add", "add", "records.add", "changing.add", needs_records=False),
    Section("Import", "upload_file", "records.import", "imports", needs_records=False),
    Section("Loans", "swap_horiz", "records.read", "loans.screen", needs_records=False),
    Section("Stocktaking", "checklist", "records.edit", "stocktaking.screen"),
    Section("Calibration", "event", "records.read", "calibration"),
    Section("Dashboard", "bar_chart", "records.read", "dashboard"),
    Section("Columns", "view_column", "columns.manage", "columns"),
    Section("Trash", "delete", "records.delete", "changing.trash", needs_records=False),
)


def show(app: App) -> None:
    """Draw the screen."""
    now = state.hand_over(app.account.name)
    if reading.under_way(app, unindexed.show if now.is_at_the_top else None):
        return
    if now.opened:
        if now.pending and app.may("records.edit"):
            pending.elsewhere(now)
        detail.show(app)
    else:
        _sections(app)
    state.publish(now)


def _sections(app: App) -> None:
    now = state.current()
    offered = {section.name: section for section in SECTIONS if _is_offered(app, section)}
    if st.session_state.get(state.SECTION) not in offered:
        st.session_state[state.SECTION] = now.section if now.section in offered else state.FIRST_SECTION
    now.section = st.segmented_control(
        "Section", list(offered), key=state.SECTION, required=True, label_visibility="collapsed", wrap=False,
        format_func=lambda name: f":material/{offered[name].icon}: {name}",
    ) or state.FIRST_SECTION
    if now.pending and now.section != "Edit" and "Edit" in offered:
        pending.elsewhere(now)
    undoing.show(app)
    bulk.show_running(app)
    made_export.show(app)
    elsewhere.show(app)
    section = offered[now.section]
    if section.needs_records and not len(listing.shown(app.database)):
        empty.show(app)
        return
    with boundary.guard(section.name):
        section.draw(app)


def _is_offered(app: App, section: Section) -> bool:
    """Whether the role allows it and the database can do it.

    Where only the disk is nearly full the open one stays: what somebody is typing there must not go with it.
    """
    if not app.may(section.action):
        return False
    stays = app.short_of_room and section.name == state.current().section
    return section.action == "records.read" or stays or not app.read_only
