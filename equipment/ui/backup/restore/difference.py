"""What differs between a backup and the list or another backup; rows and fields can be picked for a merge."""

from __future__ import annotations

from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from backup_engine.api import Comparison
from equipment.backups import Backups, Caller
from equipment.ui.backup import words
from equipment.ui.backup.restore import cells
from equipment.ui.backup.restore.picks import Part, Picks, lines_of
from equipment.ui.plain import plain

Kind = Literal["only_left", "only_right", "different"]
Shown = Kind | Literal["same"]
PAGE = 500
"""Records a table shows at a time."""


def show(
    backups: Backups, caller: Caller, comparison: Comparison, *, stored: bool, picks: Picks | None = None
) -> None:
    """Draw counts and tables of one comparison. With ``picks``, what is ticked is noted there."""
    for note in comparison.notes:
        st.caption(plain(words.said(note)))
    labels: dict[Shown, str] = {
        "only_left": f"Only in backup ({comparison.only_left:,})",
        "only_right": f"Only in current ({comparison.only_right:,})"
        if comparison.right == "current" else f"Only in {plain(comparison.right)} ({comparison.only_right:,})",
        "different": f"Different ({comparison.different:,})",
        "same": f"Same ({comparison.same:,})",
    }
    about = f"{comparison.key}_{comparison.left}_{comparison.right}"
    first: Shown = "different" if comparison.different else "only_left"
    kind = st.segmented_control(
        "Show", list(labels), format_func=labels.__getitem__, default=first, required=True, key=f"difference_{about}",
    )
    _settings(comparison)
    if kind == "same":
        st.caption("These records are the same on both sides, byte for byte.")
    elif not comparison.counts[kind]:
        st.caption("No record differs." if kind == "different" else "None.")
    else:
        picks = picks if kind != "only_right" else None
        _records(backups, caller, comparison, kind, f"{kind}_{about}", stored, picks)


def _records(
    backups: Backups, caller: Caller, comparison: Comparison, kind: Kind, about: str, stored: bool,
    picks: Picks | None,
) -> None:
    total = comparison.counts[kind]
    pages = -(-total // PAGE)
    page = st.session_state.setdefault(f"page_{about}", 1) if pages > 1 else 1
    rows = comparison.page(kind, (page - 1) * PAGE, PAGE)
    lines = {number: lines_of(comparison, row) for number, row in rows.items()}
    if kind == "different":
        table = cells.field_rows(comparison, zip(rows.values(), lines.values(), strict=True), stored=stored)
    else:
        table = cells.record_rows(rows.values(), stored=stored)
        table = table if stored else cells.arranged(backups, caller, comparison.key, table)
    offered = [(part, number) for number, parts in lines.items() for part in parts]
    _table(comparison, table, f"rows_{about}_{page}", offered, picks)
    if pages > 1:
        left, right = st.columns([3, 1])
        left.caption(f"{total:,} records · page {page} of {pages}")
        right.number_input("Page", 1, pages, key=f"page_{about}")


def _table(
    comparison: Comparison, table: pd.DataFrame, key: str, offered: list[tuple[Part, int]], picks: Picks | None
) -> None:
    if picks is None:
        st.dataframe(table, hide_index=True, width="stretch", height=320)
        return
    # The number makes it another table after a new comparison, so that no old tick meets another row.
    key = f"{key}_{picks.drawn}"
    ticked = [place for place, (part, _) in enumerate(offered) if part in picks.chosen]
    st.dataframe(
        table, hide_index=True, width="stretch", height=320, on_select=partial(_take, comparison, key, offered, picks),
        selection_mode="multi-row", selection_default={"selection": {"rows": ticked}}, key=key,
    )


def _take(comparison: Comparison, key: str, offered: list[tuple[Part, int]], picks: Picks) -> None:
    """Runs before the page is drawn anew, so that all of it speaks of the same picks."""
    picks.take(comparison, offered, set(st.session_state[key]["selection"]["rows"]))


def _settings(comparison: Comparison) -> None:
    names = [setting.name for setting in (*comparison.index_differences, *comparison.option_differences)]
    if names:
        st.caption(f"Indexes or options that differ: {plain(', '.join(names))}.")
