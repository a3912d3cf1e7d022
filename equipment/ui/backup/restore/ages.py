"""The backups of a day as a table: how old each is, what it holds, how sure that is, and what was removed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from backup_engine.api import BackupSet
from equipment.backups import LIST, Backups, Caller
from equipment.restores import since
from equipment.ui.backup import words
from equipment.ui.backup.restore.place import Place

__all__ = ["show"]

SHOWN = 200
"""Rows; the box beside it has all of them."""
HEIGHT = 180
"""Pixels: the head and four rows. All of a day's 24 would push the confirmation off the screen."""
CLICKS = "restore_ages_clicks"


def show(
    backups: Backups, caller: Caller, place: Place, offered: Sequence[BackupSet], chosen: BackupSet | None,
    choose: Callable[[BackupSet], None],
) -> None:
    """Draw the table where there is anything to choose from; a click on a row chooses that backup."""
    shown = list(offered[:SHOWN])
    if len(shown) < 2:
        return
    # Named after its rows and the clicks: a backup made meanwhile must not put another one in the place of a row, and
    # the row that was clicked is marked by the tick, which follows the box beside it, too.
    key = f"restore_ages_{place.remote}_{st.session_state.get(CLICKS, 0)}_{len(shown)}_{shown[0].place}"

    def clicked() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1
        if rows and rows[0] < len(shown):
            choose(shown[rows[0]])

    st.dataframe(
        _table(backups, caller, place, shown, chosen), hide_index=True, width="stretch", key=key,
        height=min(38 + 35 * len(shown), HEIGHT), on_select=clicked, selection_mode="single-row",
        column_config={"Chosen": st.column_config.TextColumn("", width="small")},
    )


def _table(
    backups: Backups, caller: Caller, place: Place, shown: Sequence[BackupSet], chosen: BackupSet | None
) -> pd.DataFrame:
    now, records, checks = backups.now(), since.records_now(backups, caller), {} if place.remote else backups.checks()
    return pd.DataFrame([{
        "Chosen": "✓" if chosen is not None and backup.place == chosen.place else "",
        "Age": words.ago(now - backup.started), "Equipment": backup.counts.get(LIST),
        "Since then": _removed(since.removed(backup, records)), "Select options": backup.counts.get("select_options"),
        "State": words.state(backup, checks.get(backup.backup_id)),
        "Made": words.TRIGGERS.get(backup.trigger, backup.trigger), "When": words.moment(backup.started),
        "Comment": backup.comment,
    } for backup in shown])


def _removed(number: int) -> str:
    return f"at least {number:,} removed" if number else ""
