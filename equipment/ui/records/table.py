"""Records as a frame of text for a grid. Everything is shown as text, so that mixed types stay what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import streamlit as st

from equipment.domain.column_names import LONGEST_NAME
from equipment.domain.life.status import COLORS, COLUMN, STATUSES, known
from equipment.domain.query import Query
from equipment.domain.record import ID, text
from equipment.store.list.records import Entry
from equipment.store.list.schema import Column
from equipment.ui.plain import plain

LONGEST: Final = 1_000
"""Characters of a cell that a grid shows; a comment of 5 MB stays on the server."""
ROW: Final = 33
"""Height of a row and of the heading, in pixels, at the font size of ``.streamlit/config.toml``."""
FITTING_ROWS: Final = 18
"""Rows that fit with everything above and below them into a window of 1440 × 900, so that only the grid scrolls."""
WIDTHS: Final = {"ID": 75, "Comments": 260, "Description": 260}
"""In pixels; of other columns the kind says it."""
WIDTHS_OF: Final = {"number": 110, "date": 120, "yes/no": 80, "link": 180}
USUAL_WIDTH: Final = 150
HIDDEN_AT_FIRST: Final = {"uuid"}
ADDRESS_SIGNS: Final = "%:/?#@!$&'*+,;=~"
"""What may stand in an address as it is, by RFC 3986, brackets left out."""


def frame(entries: Sequence[Entry], columns: Sequence[Column]) -> pd.DataFrame:
    """Give one row of texts per record, indexed by key."""
    names = [column.name for column in columns]
    cells = [[shown(entry.record.get(name)) for name in names] for entry in entries]
    return pd.DataFrame(cells, columns=names, index=[entry.key for entry in entries], dtype="str")


def arrow(entries: Sequence[Entry], columns: Sequence[Column]) -> pa.Table:
    """Give the same rows for a table that is only read, without the keys.

    A page of 50 records takes 0.7 ms and 22 kB so, and 1.6 ms and 29 kB by a pandas frame.
    """
    cells = {column.name: [shown(entry.record.get(column.name)) for entry in entries] for column in columns}
    return pa.table({name: _status_cells(texts) if name == COLUMN else pa.array(texts, pa.string())
                     for name, texts in cells.items()})


def _status_cells(texts: Sequence[str]) -> pa.Array:
    """Streamlit draws what a list holds as pills, and only these have colors."""
    return pa.array([[known(words) or words] if words.strip() else [] for words in texts], pa.list_(pa.string()))


def shown(value: Any) -> str:
    """Give a cell's text, cut where it is longer than a grid can carry."""
    whole = text(value)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"


def height(rows: int, most: int = FITTING_ROWS) -> Any:
    """Give a grid's height: that of its rows, until it scrolls with ``most`` of them in sight."""
    # 2 pixels of border, 8 of the bar by which one scrolls sideways
    return "content" if rows <= most else (most + 1) * ROW + 10


def is_cut(value: Any) -> bool:
    """Whether a grid shows only the beginning of this value."""
    return len(text(value)) > LONGEST


def order(columns: Sequence[Column]) -> list[str]:
    """Give the columns a grid shows at first; the others can be switched on in its own menu."""
    return [column.name for column in columns if column.name not in HIDDEN_AT_FIRST]


def label(column: Column, query: Query) -> str:
    """Name a column, with an arrow where the list is ordered by it."""
    arrow = (" ↓" if query.descending else " ↑") if query.sort == column.name else ""
    return column.name + arrow


def reading_config(
    columns: Sequence[Column], query: Query, open_key: str, opened: Callable[..., None], args: tuple[Any, ...]
) -> dict[str, Any]:
    """Configure the columns of a table that is only read; the pinned ID opens its record."""
    config: dict[str, Any] = {}
    for column in columns:
        heading = label(column, query)
        if column.name == ID:
            config[ID] = st.column_config.ButtonColumn(
                heading,
                key=open_key,
                on_click=opened,
                args=args,
                type="tertiary",
                pinned=True,
                width=width(column),
                help="Open the record",
            )
        elif column.name == COLUMN:
            config[COLUMN] = st.column_config.MultiselectColumn(heading, options=STATUSES, color=list(COLORS.values()),
                                                                width=width(column))
        elif column.kind.widget == "link":
            config[column.name] = st.column_config.LinkColumn(heading, width=width(column))
        else:
            config[column.name] = st.column_config.TextColumn(heading, width=width(column), alignment=column.kind.align)
    return config


def width(column: Column) -> int:
    """Give a column's width in pixels: the same on every page, whatever texts it holds there."""
    return WIDTHS.get(column.name) or WIDTHS_OF.get(column.kind.name, USUAL_WIDTH)


def value_line(value: str, most: int = LONGEST) -> str:
    """Give a value's text for Markdown in one line; where a line of it ends is marked."""
    return plain(re.sub(r"\r\n?|\n", " ⏎ ", value[: 4 * most + 1].strip()), most)


def brief(value: Any, most: int = 200) -> str:
    """Give the beginning of a value for Markdown, and a grey word where there is none."""
    return value_line(text(value), most) or ":gray[empty]"


def link(address: str) -> str:
    """Give a web address as a link that says where it leads, and leads nowhere else."""
    # What could end the address for Markdown, such as ) or >, is written as %29.
    return f"[{plain(address)}]({quote(address, safe=ADDRESS_SIGNS)})" if address else ""


def field_label(name: str) -> str:
    """Give a column's name as the label of a widget, which is never empty."""
    return plain(name, LONGEST_NAME) or "(no name)"
