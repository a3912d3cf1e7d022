"""What differs between a backup and the list or another backup; rows and fields can be picked for a merge."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import Comparison, Pick
from equipment.ui.backup import words
from equipment.ui.plain import plain

SHOWN = 2_000


def show(comparison: Comparison, *, picking: bool) -> Pick | None:
    """Draw counts and tables of one comparison. With ``picking``, gives what was ticked, or None for everything."""
    for note in comparison.notes:
        st.caption(plain(note))
    labels = {
        "only_left": f"Only in backup ({comparison.only_left:,})",
        "only_right": f"Only in current ({comparison.only_right:,})"
        if comparison.right == "current" else f"Only in {plain(comparison.right)} ({comparison.only_right:,})",
        "different": f"Different ({comparison.different:,})",
        "same": f"Same ({comparison.same:,})",
    }
    shown = st.segmented_control(
        "Show", list(labels), format_func=labels.__getitem__, default="different" if comparison.different else
        "only_left", required=True, key=f"difference_{comparison.key}_{comparison.left}_{comparison.right}",
    )
    _settings(comparison)
    if shown == "same":
        st.caption("These records are the same on both sides, byte for byte.")
        return None
    if shown == "different":
        return _fields(comparison, picking)
    return _records(comparison, "only_left" if shown == "only_left" else "only_right", picking)


def _fields(comparison: Comparison, picking: bool) -> Pick | None:
    table = comparison.field_table(SHOWN)
    if table.empty:
        st.caption("No record differs.")
        return None
    rows = _table(table, f"fields_{comparison.key}_{comparison.left}", picking)
    if not rows:
        return None
    chosen: dict[str, set[str]] = {}
    for row in rows:
        chosen.setdefault(str(table.iloc[row]["record"]), set()).add(str(table.iloc[row]["field"]))
    st.caption(f"Only {words.count(len(rows), 'ticked field')} will be restored.")
    return Pick(records={record: frozenset(fields) for record, fields in chosen.items()})


def _records(comparison: Comparison, kind: str, picking: bool) -> Pick | None:
    of_kind = comparison.of_kind("only_left" if kind == "only_left" else "only_right")
    identities = [row.identity for row, _ in zip(of_kind, range(SHOWN), strict=False)]
    table = comparison.record_table("only_left" if kind == "only_left" else "only_right", SHOWN)
    if table.empty:
        st.caption("None.")
        return None
    rows = _table(table, f"records_{kind}_{comparison.key}_{comparison.left}", picking and kind == "only_left")
    if not rows:
        return None
    st.caption(f"Only {words.count(len(rows), 'ticked record')} will be restored.")
    return Pick(records={identities[row]: None for row in rows})


def _table(table: object, key: str, picking: bool) -> list[int]:
    if not picking:
        st.dataframe(table, hide_index=True, width="stretch", height=320)
        return []
    event = st.dataframe(
        table, hide_index=True, width="stretch", height=320, on_select="rerun", selection_mode="multi-row", key=key
    )
    return list(event["selection"]["rows"])


def _settings(comparison: Comparison) -> None:
    names = [setting.name for setting in (*comparison.index_differences, *comparison.option_differences)]
    if names:
        st.caption(f"Indexes or options that differ: {plain(', '.join(names))}.")
