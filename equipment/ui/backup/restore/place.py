"""Where a backup to restore lies: in the backup folder, or in one of the places off this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, BackupSet
from equipment import offsite
from equipment.backups import Backups, Caller
from equipment.offsite import There
from equipment.ui.backup import background, words
from equipment.ui.plain import plain

__all__ = ["HERE", "VERB", "Place", "choose", "here", "table"]

FOLDER = "This folder"
VERB = "look"
CHOSEN = "restore_place"


@dataclass(frozen=True)
class Place:
    """The backup folder, or a remote and what lay there when this visitor last looked."""

    remote: str = ""
    there: There | None = None

    def sets(self, backups: Backups, caller: Caller) -> list[BackupSet]:
        """Those of this database and of the original system, newest first."""
        return backups.sets(caller) if self.there is None else backups.owner().at_hand(self.there.sets)

    def foreign_sets(self, backups: Backups, caller: Caller) -> list[BackupSet]:
        """Those of other databases, newest first."""
        return backups.foreign_sets(caller) if self.there is None else backups.owner().foreign(self.there.sets)


HERE = Place()


def choose(backups: Backups, caller: Caller) -> Place | None:
    """Draw the choice where there is one; gives the place, or None while nobody knows what lies there."""
    remote = _chosen(backups, caller)
    if not remote:
        return HERE
    wanted = (VERB, remote)
    there: There | None = background.answer(
        backups, f"{VERB}-{remote}", wanted,
        start=lambda kind: offsite.listed(backups, caller, remote, kind=kind, about=wanted))
    if there is None:
        return None
    _said(remote, there)
    return Place(remote, there)


def here() -> None:
    """Choose the backup folder; for callbacks."""
    if CHOSEN in st.session_state:
        st.session_state[CHOSEN] = FOLDER


def table(sets: Iterable[BackupSet]) -> pd.DataFrame:
    """Put what lies in a remote into a table."""
    return pd.DataFrame([
        {"Backup": backup.label, "When": words.moment(backup.started), "Holds": words.records(backup),
         "Kind": backup.kind, "State": words.STATES.get(backup.state, backup.state), "Problem": backup.problem,
         "Comment": backup.comment} for backup in sets])


def _chosen(backups: Backups, caller: Caller) -> str:
    try:
        names = [standing.name for standing in offsite.standings(backups, caller)]
    except BackupError as error:  # what lies in the folder can be restored all the same
        background.explain(error)
        return ""
    if not names:
        return ""
    chosen = st.segmented_control("Where the backup lies", [FOLDER, *names], default=FOLDER, required=True,
                                  format_func=plain, key=CHOSEN)
    # No remote can be called like the folder: their names have small letters.
    return "" if chosen in (None, FOLDER) else str(chosen)


def _said(remote: str, there: There) -> None:
    text, button = st.columns([5, 2], vertical_alignment="center")
    text.caption(f"{words.count(len(there.sets), 'backup')} in {plain(remote)}, as of "
                 f"{words.moment(there.looked)[11:]}.")
    if button.button("Look again", icon=":material/refresh:", key="look_again", width="stretch"):
        background.forget(VERB)
        background.forget_failures()
        st.rerun()
    for sentence in there.unseen:
        st.caption(f":material/warning: {plain(sentence)}.")
    if there.sets:
        with st.expander(f"What lies in {plain(remote)}", icon=":material/cloud:"):
            st.dataframe(table(there.sets), hide_index=True, width="stretch")
