"""What can be done with ticked rows. A new action is one line in ``ACTIONS`` and a function that gets the records."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from equipment.store.list.records import Entry
from equipment.ui.context import App


@dataclass(frozen=True)
class Action:
    """A button over the list: pressed, it runs ``function(app, records, total)`` of a module of ``equipment.ui``."""

    label: str
    icon: str
    permission: str
    module: str
    function: str
    needs_rows: bool = True

    @property
    def name(self) -> str:
        """Name it in the keys of its buttons: by its module, without the way there."""
        return self.module.rpartition(".")[2]

    def run(self, app: App, chosen: list[Entry], total: int) -> None:
        """Do it for the chosen records; ``total`` match the filters."""
        module = importlib.import_module(f"equipment.ui.{self.module}")
        getattr(module, self.function)(app, chosen, total)


ACTIONS = (
    Action("Bulk edit", "edit_note", "records.bulk_edit", "records.changing.bulk", "dialog", needs_rows=False),
    Action("Duplicate", "content_copy", "records.add", "record.duplicate", "dialog"),
    Action("Download", "download", "records.export", "records.list.exports", "dialog", needs_rows=False),
    Action("Labels", "qr_code_2", "records.read", "records.list.labels", "dialog"),
    Action("Move to trash", "delete", "records.delete", "records.changing.trash", "move"),
)


def show(app: App, ticked: Sequence[Entry], total: int) -> None:
    """Draw the buttons, into the line below the list; those that need rows come with the first ticked one."""
    if ticked:
        st.caption(f"**{len(ticked)} ticked**", width="content")
    for action in ACTIONS:
        offered = app.may(action.permission) and (ticked or not action.needs_rows)
        if offered and st.button(action.label, icon=f":material/{action.icon}:", key=f"action_{action.name}",
                                 disabled=app.refuses(action.permission)):
            action.run(app, list(ticked), total)


def run_for(app: App, entry: Entry, labels: Sequence[str]) -> None:
    """Draw those of the actions that are wanted, for a single record."""
    for action in ACTIONS:
        wanted = action.label in labels and app.may(action.permission)
        if wanted and st.button(action.label, icon=f":material/{action.icon}:", key=f"record_{action.name}",
                                disabled=app.refuses(action.permission)):
            action.run(app, [entry], 1)
