"""The empty list: what there is instead of records, and the ways to some."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from equipment.domain.counting import number_of
from equipment.store.list import samples, trash
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.records import state


def show(app: App) -> None:
    """Say so, and offer the ways to fill it: first what the trash holds, if it holds anything."""
    thrown = trash.count(app.database)
    records = number_of(thrown, "record")
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
