"""What can be done with ticked rows. A new action is one line in ``ACTIONS`` and a function that gets the records."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from equipment.store.list import records, schema
from equipment.store.list.records import Entry, Page
from equipment.ui.context import App
from equipment.ui.records import state
from equipment.ui.records.state import State


@dataclass(frozen=True)
class Action:
    """A button over the list: pressed, it runs ``function(app, records, total)`` of a module of ``equipment.ui``."""

    label: str
    icon: str
    permission: str
    module: str
    function: str
    needs_rows: bool = True
    folded: bool = False
    """Whether it stands under *More*: nine buttons beside the pages of the list made a second line and a scroll bar."""

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
    Action("Calibrated today", "event_available", "records.edit", "records.calibrated", "dialog", folded=True),
    Action("Status", "label", "records.edit", "records.status", "dialog", folded=True),
    Action("Check out", "output", "loans.manage", "records.loans.check_out", "dialog", folded=True),
    Action("Check in", "input", "loans.manage", "records.loans.check_in", "dialog", folded=True),
    Action("Duplicate", "content_copy", "records.add", "record.duplicate", "dialog"),
    Action("Download", "download", "records.export", "records.list.exports", "dialog", needs_rows=False),
    Action("Labels", "qr_code_2", "records.read", "records.list.labels", "dialog"),
    Action("Move to trash", "delete", "records.delete", "records.changing.trash", "move"),
)
MOST_TICKED: Final = 2_000
"""Records that can be ticked at once: an action reads them whole. By filters *Bulk edit* and *Download* take more."""


def show(app: App, now: State, page: Page) -> None:
    """Draw the buttons, into the line below the list; those that need rows come with the first ticked one.

    Ticked records of other pages are read when a button is pressed.
    """
    if now.ticked:
        st.caption(f"**{len(now.ticked):,} ticked**", width="content")
        if len(now.ticked) < page.total <= MOST_TICKED:
            st.button(f"Tick all {page.total:,}", key="action_all", type="tertiary", on_click=_tick_all, args=(app,))
    offered = [action for action in ACTIONS if app.may(action.permission) and (now.ticked or not action.needs_rows)]
    folded = {action.label: action for action in offered if action.folded and not app.refuses(action.permission)}
    if folded:
        picked = st.menu_button("More", list(folded), key="action_more", icon=":material/more_horiz:",
                                format_func=lambda label: f":material/{folded[label].icon}: {label}")
        if picked in folded:
            folded[picked].run(app, _entries(app, now, page), page.total)
    for action in offered:
        if not action.folded and st.button(action.label, icon=f":material/{action.icon}:", key=f"action_{action.name}",
                                           disabled=app.refuses(action.permission)):
            action.run(app, _entries(app, now, page), page.total)


def _entries(app: App, now: State, page: Page) -> list[Entry]:
    """Give the ticked records: those of the page as they are shown there, the others as they are stored."""
    shown = {entry.key: entry for entry in page.entries}
    others = {entry.key: entry
              for entry in records.entries(app.database, [key for key in now.ticked if key not in shown])}
    found = shown | others
    return [found[key] for key in now.ticked if key in found]


def _tick_all(app: App) -> None:
    now = state.current()
    now.ticked = dict.fromkeys(
        records.matching_keys(app.database, now.viewed, schema.types(app.database), state.today()))
    now.renew()


def run_for(app: App, entry: Entry, labels: Sequence[str]) -> None:
    """Draw those of the actions that are wanted, for a single record."""
    for action in ACTIONS:
        wanted = action.label in labels and app.may(action.permission)
        if wanted and st.button(action.label, icon=f":material/{action.icon}:", key=f"record_{action.name}",
                                disabled=app.refuses(action.permission)):
            action.run(app, [entry], 1)
