"""Whose the backups in the folder are: the question that stops everything, and the sets of other databases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from backup_engine import api
from backup_engine.api import BackupError, Holding, Owner
from equipment.backups import Backups, Caller
from equipment.ui.backup import words
from equipment.ui.entrance import again
from equipment.ui.plain import plain

__all__ = ["others", "question"]

TICKS = "whose_gone_ticks"


def question(backups: Backups, caller: Caller) -> None:
    """Ask what an administrator has to say before everything goes on as usual; draws nothing when all is well."""
    owner = backups.owner(fresh=True)  # it may have been answered on the command line
    if owner.question is None:
        return
    with st.container(border=True):
        st.error(plain(f"{owner.question.words[:1].upper()}{owner.question.words[1:]}."), icon=":material/help:")
        if owner.question.kind == "dropped":
            st.write("Until then no backup is made. Nothing in the folder is changed by either answer.")
            _dropped(backups, caller)
        else:
            st.write("Until then every backup is a full one, and no old backup is cleared away.")
            _diverged(backups, caller, owner)


def others(backups: Backups, caller: Caller) -> None:
    """Draw the databases whose backups lie in the folder beside this one's, with what can be said about them."""
    holdings = [holding for holding in backups.holdings(caller) if holding.relation in ("foreign", "adopted")]
    if not holdings:
        return
    number = sum(len(holding.sets) for holding in holdings)
    with st.expander(f"Backups of other databases ({number:,})", icon=":material/folder_shared:"):
        st.dataframe(_table(holdings), hide_index=True, width="stretch")
        st.caption("They count for nothing here and are never cleared away by this database. Adopt them if this one "
                   "takes the place of theirs.")
        for holding in holdings:
            _holding(backups, caller, holding)


def _dropped(backups: Backups, caller: Caller) -> None:
    holdings = [holding for holding in backups.holdings(caller) if holding.relation != "everybody"]
    for holding in holdings:
        if st.button(f"Adopt {words.count(len(holding.sets), 'backup')} of {plain(holding.called)}", type="primary",
                     icon=":material/family_history:", key=f"adopt_{_key(holding)}"):
            _do(partial(backups.adopt, caller, _name(holding)))
    if st.button("Start anew", icon=":material/fiber_new:", key="start_anew",
                 help="This database has nothing to do with these backups. They stay as they are."):
        _do(lambda: backups.answer(caller, api.start_anew))


def _diverged(backups: Backups, caller: Caller, owner: Owner) -> None:
    copy, back = st.columns(2)
    if copy.button("This is a copy", icon=":material/content_copy:", width="stretch", key="is_copy",
                   help="It gets an id of its own; the backups so far belong to the original."):
        _do(lambda: backups.answer(caller, api.is_copy))
    if back.button("This was rolled back", icon=":material/history:", width="stretch", key="rolled_back",
                   help=f"The backups are those of “{plain(owner.database)}”, made before it was set back."):
        _do(lambda: backups.answer(caller, api.was_rolled_back))


def _holding(backups: Backups, caller: Caller, holding: Holding) -> None:
    if holding.relation == "foreign":
        if st.button(f"Adopt the backups of {plain(holding.called)}", key=f"take_{_key(holding)}"):
            _do(lambda: backups.adopt(caller, _name(holding)))
        return
    # What is stored is in the key: else a page left open would say once more what somebody else has just taken back.
    # And how often it was ticked: what was refused is not ticked any more, and not done by what is answered then.
    ticks = st.session_state.get(TICKS, 0)
    gone = st.checkbox(
        f"The database {plain(holding.called)} is gone", value=holding.gone,
        key=f"gone_{_key(holding)}_{holding.gone}_{ticks}",
        help="Then its backups are cleared away by the same rules as this database's own.")
    if gone != holding.gone:
        st.session_state[TICKS] = ticks + 1
        _do(lambda: backups.adopt(caller, _name(holding), gone=gone))


def _do(answer: Callable[[], object]) -> None:
    try:
        answer()
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)))
    else:
        st.rerun()


def _table(holdings: list[Holding]) -> pd.DataFrame:
    return pd.DataFrame([
        {"Database": holding.called, "Backups": len(holding.sets),
         "Oldest": words.moment(holding.sets[0].started) if holding.sets else "",
         "Newest": words.moment(holding.sets[-1].started) if holding.sets else "",
         "Newest holds": words.records(holding.sets[-1]) if holding.sets else "",
         "State": "Adopted" if holding.relation == "adopted" else "Of another database"}
        for holding in holdings
    ])


def _name(holding: Holding) -> str:
    return holding.database_id or holding.database


def _key(holding: Holding) -> str:
    return holding.database_id or f"name_{holding.database}"
