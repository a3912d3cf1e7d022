"""Edit: a page of records in a grid. Nothing is stored until the edits were reviewed and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from equipment.domain.record import ID, UUID, text
from equipment.domain.values.collation import in_order
from equipment.store.list import options, schema
from equipment.store.list.records import Entry
from equipment.store.list.schema import Column
from equipment.ui.context import App
from equipment.ui.records import browse, review, state, table, toolbar
from equipment.ui.records.state import Pending, State


@dataclass(frozen=True)
class Grid:
    """What the editor was fed. It gets the very same frame until the view changes, or it would lose edits."""

    view: tuple[Any, ...]
    entries: list[Entry]
    frame: pd.DataFrame
    total: int
    earlier: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Edits made before this grid was drawn, already in the frame."""


def show(app: App) -> None:
    """Draw the section."""
    now, columns = state.current(), schema.columns(app.database)
    toolbar.show(app, columns)
    grid = _grid(app, now, columns)
    if not grid.total:
        browse.no_match(now)
    else:
        key = f"records_grid_{abs(hash(grid.view)):x}"
        _harvest(now, grid, key)  # before the grid is drawn, as the bar above it counts these edits
        _bar(app, now)
        st.data_editor(
            grid.frame,
            key=key,
            hide_index=True,
            column_order=table.order(columns),
            height=table.height(len(grid.entries)),
            column_config=_config(app, now, grid, columns),
            num_rows="fixed",
            placeholder="",
            alt="Editable equipment list",
        )
        browse.pager(now, grid.total)


def _grid(app: App, now: State, columns: Sequence[Column]) -> Grid:
    """Give the grid for this view: the one there is, while it has edits or shows what is stored."""
    view = (repr(now.query), now.page, now.size, now.generation, tuple(columns))
    known: Grid | None = now.grid
    if known is not None and known.view[: len(view)] == view and now.pending:
        return known
    page = browse.load(app, now, columns)
    if known is not None and known.view[: len(view)] == view and known.entries == page.entries:
        return known
    stored = table.frame(page.entries, columns)
    typed = {key: dict(pending.typed) for key, pending in now.pending.items() if key in stored.index}
    for key, cells in typed.items():
        for name, words in cells.items():
            stored.loc[key, name] = words
    # A new frame needs a new key: under the old one the editor would lay its edits over it by row number.
    serial = (known.view[-1] + 1) if known is not None else 0
    now.grid = Grid((*view, serial), page.entries, stored, page.total, typed)
    return now.grid


def _harvest(now: State, grid: Grid, key: str) -> None:
    """Take the editor's changes into the state, by record and not by row."""
    edited: Mapping[int, Mapping[str, Any]] = st.session_state.get(key, {}).get("edited_rows", {})
    for row, entry in enumerate(grid.entries):
        typed = dict(grid.earlier.get(entry.key, {}))
        typed |= {name: "" if value is None else str(value) for name, value in edited.get(row, {}).items()}
        seen = now.pending[entry.key].seen if entry.key in now.pending else entry
        changed = {name: words for name, words in typed.items() if words != text(seen.record.get(name))}
        for name in [name for name in changed if table.is_cut(seen.record.get(name))]:
            st.warning(f"{name} is too long for the grid. Open the record to edit it.", icon=":material/notes:")
            del changed[name]
        if changed:
            now.pending[entry.key] = Pending(seen, changed)
        else:
            now.pending.pop(entry.key, None)


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
    config: dict[str, Any] = {}
    for column in columns:
        heading = table.label(column, now.query)
        if column.name == UUID:
            config[column.name] = st.column_config.TextColumn(disabled=True)
        elif column.kind.widget == "choice":
            offered = _with_present(choices.get(column.name, []), grid.frame[column.name])
            config[column.name] = st.column_config.SelectboxColumn(heading, options=offered)
        else:
            is_id = column.name == ID
            config[column.name] = st.column_config.TextColumn(
                heading, pinned=is_id or None, width=75 if is_id else table.width(column), alignment=column.kind.align
            )
    return config


def _with_present(choices: Sequence[str], present: pd.Series) -> list[str]:
    """Offer the choices, and every value that is in use although nobody listed it."""
    return list(dict.fromkeys([*choices, *in_order(value for value in present.unique() if value)]))
