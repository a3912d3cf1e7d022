"""Auto Backup: which backups are kept, by which rule, and what goes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
import streamlit as st

from backup_engine.api import TIERS, BackupError, Pruned
from equipment import retention
from equipment.backups import Backups, Caller
from equipment.retention import Rules
from equipment.ui.backup import words
from equipment.ui.entrance import again
from equipment.ui.plain import plain

__all__ = ["in_words", "show"]


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section."""
    st.subheader("Retention")
    rules = retention.rules(backups, caller)
    st.write(plain(in_words(rules)))
    if rules.problem:
        st.error("Nothing is deleted, because what is stored of the tiers cannot be used. Store them anew.",
                 icon=":material/front_hand:")
        st.text(rules.problem)  # not Markdown: somebody wrote that into the database
    _paused(backups, caller)
    _planned(backups, caller)
    _tiers(backups, caller, rules)


def in_words(rules: Rules) -> str:
    """Say the rules as sentences."""
    tiers = (f"Besides, the newest good backup is kept of each of the last {rules.tiers.words} that have one. "
             if rules.tiers else "")
    return (
        f"Backups older than {words.count(rules.keep_days, 'day')} are deleted after each good backup. {tiers}Never "
        "deleted: the newest good one, the newest good one that is not empty, the last three good ones, pinned ones, "
        "the latest safety copy before a restore, and whatever another kept backup rests on. When a list shrank by "
        "more than half against the backup before, nothing is deleted until you acknowledge it."
    )


def _paused(backups: Backups, caller: Caller) -> None:
    reason = retention.halted(backups, caller)
    if not reason:
        return
    st.warning(f"Retention is paused: {plain(reason)}", icon=":material/front_hand:")
    if backups.scheduler.standby is not None:
        return  # not to be accepted here: the copy has to be let act
    if st.button("This is as it should be, resume retention"):
        try:
            st.success(plain(retention.acknowledge(backups, caller)))
        except BackupError as error:
            again.if_needed(error)
            st.error(plain(str(error)))


def _planned(backups: Backups, caller: Caller) -> None:
    # closed at first: before anything may go, the backups that stay are hashed unless that was done within a week
    box = st.expander("What goes next, and why each other backup is kept", icon=":material/auto_delete:",
                      key="retention_planned", on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            with st.spinner("Looking at every backup …"):
                done = retention.planned(backups, caller)
        except BackupError as error:
            st.error(plain(str(error)))
            return
        st.write(plain(f"{done.message} {_following(done, backups.now())}"))
        _decisions(done)


def _tiers(backups: Backups, caller: Caller, rules: Rules) -> None:
    # What is stored is in the keys: else a page left open would store the numbers of before over somebody else's.
    with st.form("retention_tiers"):
        st.write("Keep the newest good backup of each of the last")
        numbers = {
            tier.name: int(column.number_input(
                f"{tier.unit.capitalize()}s", 0, tier.most, value=rules.tiers.counts[tier.name], step=1,
                key=f"keep_{tier.name}_{rules.tiers.counts[tier.name]}", disabled=tier.name in rules.given,
                help=f"Given by {rules.given[tier.name]}" if tier.name in rules.given else f"0 to {tier.most:,}"))
            for column, tier in zip(st.columns(len(TIERS)), TIERS, strict=True)
        }
        st.caption("0 keeps none for that. A day without a backup does not count; days are those of the place where a "
                   "backup was made, weeks begin on Monday.")
        if rules.given:
            st.caption(f":material/settings: Given by {', '.join(f'`{name}`' for name in rules.given.values())} of "
                       "this installation, and not changed here.")
        with st.container(horizontal=True):
            tried = st.form_submit_button("Show what would be kept", icon=":material/visibility:")
            stored = st.form_submit_button("Keep backups like this", disabled=len(rules.given) == len(TIERS))
    if stored:
        _store(backups, caller, numbers)
    if tried:
        _try(backups, caller, numbers)


def _store(backups: Backups, caller: Caller, numbers: Mapping[str, int]) -> None:
    try:
        retention.change(backups, caller, numbers)
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)))
    else:
        st.rerun()


def _try(backups: Backups, caller: Caller, numbers: Mapping[str, int]) -> None:
    try:
        with st.spinner("Looking at every backup …"):
            done = retention.tried(backups, caller, numbers)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    st.info(f"With these numbers: {plain(done.message)} {plain(_following(done, backups.now()))}",
            icon=":material/visibility:")
    _decisions(done)


def _decisions(done: Pruned) -> None:
    gone = {backup.place for backup in done.deleted}
    rows = [{"Backup": words.moment(decision.backup.started), "Older by": words.lasting(abs(decision.age)),
             "Comment": decision.backup.comment, "": "deleted" if decision.backup.place in gone else "kept",
             "Kept until": words.moment(done.leaves[decision.backup.place]) if decision.backup.place in done.leaves
             else "", "Why": decision.reason} for decision in reversed(done.decisions)]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", column_config={"Why": {"width": "large"}})


def _following(done: Pruned, now: datetime) -> str:
    following = done.next_to_go
    if following is None:
        return ""
    moment = done.leaves[following.place]
    when = f"after {words.moment(moment)}, if backups go on being made" if moment > now else "with the next good backup"
    return f"Next to go is the one of {words.moment(following.started)}, {when}."
