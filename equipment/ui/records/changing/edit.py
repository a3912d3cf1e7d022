"""Edit: a page of records in a grid. Nothing is stored until the edits were reviewed and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
import streamlit as st

from equipment.domain.record import ID, UUID
from equipment.domain.values.collation import in_order
from equipment.index.sheet import Sheet
from equipment.store.list import listing, options, schema
from equipment.store.list.records import Entry
from equipment.store.list.schema import Column
from equipment.ui.context import App
from equipment.ui.records import state, table
from equipment.ui.records.changing import pending, review
from equipment.ui.records.list import browse, toolbar
from equipment.ui.records.state import State

MARK: Final = "\0edited"
"""The column of marks. MongoDB allows no NUL in a name, so no field of a record is called so."""
MARKED: Final = "●"
BAR_ROWS: Final = 2
"""Rows of the grid that the line with *Review & Save* takes the room of."""


@dataclass(frozen=True)
class Grid:
    """What the editor was fed. It shows what is stored, and over it the edits there were when it was drawn first."""

    view: tuple[Any, ...]
    entries: list[Entry]
    frame: pd.DataFrame
    total: int
    heard: dict[tuple[int, str], str] = field(default_factory=dict)
    """What the editor told since then, by row and column."""

    @property
    def key(self) -> str:
        return f"records_grid_{abs(hash(self.view)):x}"


def show(app: App) -> None:
    """Draw the section."""
    now, sheet = state.current(), listing.shown(app.database)
    known = schema.columns(app.database, hidden=True, sheet=sheet)
    columns = [column for column in known if not column.hidden]
    toolbar.show(app, sheet, known)
    grid = _grid(app, now, known, sheet)
    if not grid.total:
        browse.no_match(now)
    else:
        _warn(now, grid)
        _bar(app, now)
        st.data_editor(
            _marked(now, grid),
            key=grid.key,
            hide_index=True,
            column_order=[MARK, *table.order(columns)],
            height=table.height(len(grid.entries), browse.fitting(now) - BAR_ROWS),
            column_config=_config(app, now, grid, columns),
            num_rows="fixed",
            placeholder="",
            alt="Editable equipment list",
            on_change=_hear,
            args=(grid,),
        )
        browse.pager(now, grid.total, len(columns))
    pending.listed(now)


def _grid(app: App, now: State, known_columns: Sequence[Column], sheet: Sheet) -> Grid:
    """Give the grid for this view: the one on the page, while it has edits or shows what is stored.

    An editor that was away for one run has forgotten what was typed there; then a new one is fed with the edits.
    """
    columns = [column for column in known_columns if not column.hidden]
    view = (repr(now.viewed), now.page, now.size, now.generation, tuple(columns))
    known: Grid | None = now.grid
    stays = known is not None and known.view[: len(view)] == view and known.key in st.session_state
    if known is not None and stays and now.pending:
        return known
    page = browse.load(app, now, known_columns, sheet)
    if known is not None and stays and known.entries == page.entries:
        return known
    frame = table.frame(page.entries, columns)
    for key, edited in now.pending.items():
        for name, words in edited.typed.items():
            if key in frame.index and name in frame.columns:
                frame.loc[key, name] = words
    # A new frame needs a new key: under the old one the editor would lay its edits over it by row number.
    serial = (known.view[-1] + 1) if known is not None else 0
    now.grid = Grid((*view, serial), page.entries, frame, page.total)
    return now.grid


def _hear(grid: Grid) -> None:
    """Take what was typed into the state, by record and not by row.

    As the editor's callback it also hears of an edit that comes in one message with a click on another section. Only
    what is new counts: the editor goes on telling of edits that were dropped elsewhere, and tells nothing of those
    that were in the frame.
    """
    now = state.current()
    edited: Mapping[int, Mapping[str, Any]] = st.session_state[grid.key]["edited_rows"]
    for row, cells in edited.items():
        for name, value in cells.items():
            words = "" if value is None else str(value)
            if grid.heard.get((row, name)) != words:
                grid.heard[row, name] = words
                if not table.is_cut(_seen(now, grid.entries[row]).record.get(name)):
                    now.edit(grid.entries[row], name, words)


def _seen(now: State, entry: Entry) -> Entry:
    return now.pending[entry.key].seen if entry.key in now.pending else entry


def _warn(now: State, grid: Grid) -> None:
    for name in dict.fromkeys(name for row, name in grid.heard
                              if table.is_cut(_seen(now, grid.entries[row]).record.get(name))):
        st.warning(f"{table.field_label(name)} is too long for the grid. Open the record to edit it.",
                   icon=":material/notes:")


def _marked(now: State, grid: Grid) -> pd.DataFrame:
    """Put the column of marks before the others. The editor keeps its edits, as its key and rows stay the same."""
    frame = grid.frame.copy()
    marks = [MARKED if entry.key in now.pending else "" for entry in grid.entries]
    frame.insert(0, MARK, pd.Series(marks, index=frame.index, dtype="str"))
    return frame


def _bar(app: App, now: State) -> None:
    """Say what is not saved yet; always there, so that the grid does not jump with the first edit."""
    edits = now.edits
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Review & Save", type="primary", icon=":material/rule:", disabled=not edits, key="records_review"):
            review.dialog(app)
        st.button("Discard", icon=":material/undo:", disabled=not edits, key="records_discard", on_click=_discard)
        if edits:
            st.markdown(f":orange-badge[:material/edit: {state.unsaved(now)}]", width="content")
        else:
            st.caption("Double-click a cell, or select it and type. Nothing is stored before Review & Save.",
                       width="content")


def _discard() -> None:
    now = state.current()
    now.pending.clear()
    now.refresh()


def _config(app: App, now: State, grid: Grid, columns: Sequence[Column]) -> dict[str, Any]:
    choices = options.choices(app.database)
    config: dict[str, Any] = {
        MARK: st.column_config.TextColumn(MARKED, pinned=True, disabled=True, width=36, help="Edited and not saved")
    }
    for column in columns:
        heading = table.label(column, now.query)
        if column.name == UUID:
            config[column.name] = st.column_config.TextColumn(disabled=True)
        elif column.kind.widget == "choice":
            offered = _with_present(choices.get(column.name, []), grid.frame[column.name])
            config[column.name] = st.column_config.SelectboxColumn(heading, options=offered, width=table.width(column))
        else:
            config[column.name] = st.column_config.TextColumn(
                heading, pinned=column.name == ID or None, width=table.width(column), alignment=column.kind.align
            )
    return config


def _with_present(choices: Sequence[str], present: pd.Series) -> list[str]:
    """Offer the choices, and every value that is in use although nobody listed it."""
    return list(dict.fromkeys([*choices, *in_order(value for value in present.unique() if value)]))
