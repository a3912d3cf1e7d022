"""All restores, merges and undos: who did them, when, from which backup, what they changed, and which were undone."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, Past
from equipment.backups import Backups, Caller
from equipment.restores import past
from equipment.ui.backup import background, words

__all__ = ["show", "table"]

KINDS = {"replace": "Replace", "merge": "Merge", "undo": "Undo"}
COUNTED = ("added", "removed", "changed")


def show(backups: Backups, caller: Caller) -> None:
    """Draw the table once somebody opens it."""
    box = st.expander("All restores", icon=":material/manage_history:", key="past_restores", on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            found = past.past(backups, caller)
        except BackupError as error:
            background.explain(error)
            return
        if not found:
            st.caption("Nothing was restored yet.")
            return
        st.dataframe(table(found), hide_index=True, width="stretch", alt="All restores")
        st.caption("The last 200 operations are kept. Numbers are counted right before a restore on this page, and not "
                   "for one by the command line.")


def table(found: Sequence[Past]) -> pd.DataFrame:
    """Put them into rows, the last one first."""
    rows = []
    for each in found:
        entry = each.entry
        counted = entry.counted or {}
        numbers = {name.capitalize(): sum(one[name] for one in counted.values()) if counted else None
                   for name in COUNTED}
        rows.append({
            "When": words.moment(entry.started), "What": KINDS.get(entry.kind, entry.kind), "From backup": entry.label,
            "By": entry.actor or "command line",
            "Collections": ", ".join(words.COLLECTIONS.get(key, key) for key in entry.keys),
            **numbers, "Undone": "undone" if each.undone else "", "Remarks": entry.problem,
        })
    return pd.DataFrame(rows).astype({name.capitalize(): "Int64" for name in COUNTED})
