"""Equipment Records: the sections over the list, the empty list, and the way to a single record."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from equipment.store.list import listing, samples, trash
from equipment.ui import boundary, reading
from equipment.ui.context import App
from equipment.ui.record import detail
from equipment.ui.records import pending, state, undoing

__all__ = ["SECTIONS", "Section", "show"]


@dataclass(frozen=True)
class Section:
    """One section: its name, its icon, the action that opens it, and the module whose ``show(app)`` draws it."""

    name: str
    icon: str
    action: str
    module: str
    needs_records: bool = True

    def draw(self, app: App) -> None:
        """Draw it; the module is loaded when it is first wanted."""
        importlib.import_module(f"equipment.ui.records.{self.module}").show(app)


SECTIONS = (
    Section("Browse", "table_rows", "records.read", "browse"),
    Section("Edit", "edit", "records.edit", "edit"),
    Section("Add", "add", "records.add", "add", needs_records=False),
    Section("Import", "upload_file", "records.import", "imports", needs_records=False),
    Section("Calibration", "event", "records.read", "calibration"),
    Section("Dashboard", "bar_chart", "records.read", "dashboard"),
    Section("Columns", "view_column", "columns.manage", "columns"),
    Section("Trash", "delete", "records.delete", "trash", needs_records=False),
)


def show(app: App) -> None:
    """Draw the screen."""
    if reading.under_way(app):
        return
    now = state.hand_over(app.account.name)
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
        "Section", list(offered), key=state.SECTION, required=True, label_visibility="collapsed",
        format_func=lambda name: f":material/{offered[name].icon}: {name}",
    ) or state.FIRST_SECTION
    if now.pending and now.section != "Edit" and "Edit" in offered:
        pending.elsewhere(now)
    undoing.show(app)
    section = offered[now.section]
    if section.needs_records and not len(listing.sheet(app.database)):
        _empty(app)
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


def _empty(app: App) -> None:
    """Say that the list is empty, and offer the ways to fill it: first what the trash holds, if it holds anything."""
    thrown = trash.count(app.database)
    records = f"{thrown:,} record{'s' * (thrown != 1)}"
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("large")
        st.subheader(f":material/delete: The list is empty, the trash holds {records}" if thrown else
                     ":material/inventory_2: No equipment yet", anchor=False, width="content",
                     text_alignment="center")
        st.caption(_advice(app, thrown), width="content", text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if thrown:
                _way(app, "records.delete", "Bring back from the trash", "restore_from_trash",
                     lambda: state.go("Trash"), primary=True)
            _way(app, "records.add", "Add a record" if thrown else "Add the first record", "add",
                 lambda: state.go("Add"), primary=not thrown)
            if any(section.name == "Import" for section in SECTIONS):
                _way(app, "records.import", "Import a list", "upload_file", lambda: state.go("Import"))
            if not thrown:  # made-up records do not belong among real ones
                _way(app, "sample.load", "Load sample data", "science", lambda: _load_sample(app))
            _way(app, "backup.restore", "Restore from a backup", "restore", _to_backups)
        st.space("large")


def _advice(app: App, thrown: int) -> str:
    if not thrown:
        return "Add what you have one by one, import a list, or look around with made-up data."
    if app.may("records.delete"):
        return "Nothing in the trash is lost: every record there can be brought back exactly as it was."
    return "Nothing in the trash is lost: a manager or an administrator can bring every record back as it was."


def _way(app: App, action: str, label: str, icon: str, run: Callable[[], None], *, primary: bool = False) -> None:
    if app.may(action):
        st.button(label, icon=f":material/{icon}:", on_click=run, type="primary" if primary else "secondary",
                  disabled=app.refuses(action))


def _load_sample(app: App) -> None:
    with boundary.guard("Load sample data"):
        count = samples.load(app.database, app.who, state.today())
        st.toast(f"{count} records loaded", icon=":material/science:")


def _to_backups() -> None:
    st.session_state["tab"] = "Backup & Restore"
