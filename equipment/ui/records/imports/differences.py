"""What an import would change, cell by cell: a page of its rows at a time, of all that change or of one kind."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from backup_engine.records.planner import Action, Planned
from backup_engine.records.raw import name_text
from equipment.domain.counting import number_of
from equipment.exchange.plan import CHANGING, Plan
from equipment.store.list.raw_texts import element_text

__all__ = ["AT_ONCE", "LABELS", "show"]

LABELS: dict[Action, str] = {"insert": "New", "update": "Changed", "unchanged": "Unchanged", "conflict": "Left out"}
ALL = "All that change"
AT_ONCE = 500
"""Rows on a page; one may have many cells, each of which is a line."""


def show(planned: Plan) -> None:
    """Draw the page that somebody chose, with how many rows and cells there are."""
    present = [action for action in CHANGING if planned.counts[action]]
    if not present:
        return
    chosen = tuple(present)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(present) > 1:
            said = st.segmented_control("Show", [ALL, *(LABELS[action] for action in present)], default=ALL,
                                        required=True, key="import_differences_kind")
            chosen = tuple(action for action in present if said in (ALL, LABELS[action]))
        total = sum(planned.counts[action] for action in chosen)
        pages = -(-total // AT_ONCE)
        page = 1
        if pages > 1:
            page = int(st.number_input(f"Page of {pages:,}", min_value=1, max_value=pages, value=1, width=160,
                                       key=f"import_differences_page_{'_'.join(chosen)}"))
    first = (page - 1) * AT_ONCE
    st.dataframe(_lines(planned.page(chosen, first, AT_ONCE)), hide_index=True, width="stretch", height=320)
    cells = number_of(planned.cells, "cell changes", "cells change")
    cells = f" In records that are there, {cells}." if planned.cells else ""
    st.caption(f"Rows {first + 1:,} to {min(first + AT_ONCE, total):,} of {total:,}.{cells}")


def _lines(some: Iterable[Planned]) -> pd.DataFrame:
    lines: list[dict[str, object]] = []
    for entry in some:
        if entry.action == "conflict":
            lines.append({"Row": entry.row, "What": LABELS["conflict"], "Field": "", "Now": "", "New": entry.why})
        for field in entry.fields if entry.action == "update" else ():
            lines.append({"Row": entry.row, "What": LABELS["update"], "Field": name_text(field.name),
                          "Now": element_text(field.before), "New": element_text(field.after)})
        if entry.action == "insert":
            texts = [element_text(field.after) for field in entry.fields
                     if name_text(field.name) not in ("_id", "uuid")]
            lines.append({"Row": entry.row, "What": LABELS["insert"], "Field": "", "Now": "",
                          "New": " · ".join(filter(None, texts))})
    return pd.DataFrame(lines, columns=["Row", "What", "Field", "Now", "New"])
