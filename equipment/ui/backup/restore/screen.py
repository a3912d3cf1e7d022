"""Restore Data: choose a backup, see what it would do, confirm, and take it back if need be."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backup_engine.api import BackupError, BackupSet, Comparison
from equipment.backups import WRITING, Backups, Caller
from equipment.restores.past import last as last_restore
from equipment.ui.backup import background, keys, past, words
from equipment.ui.backup.restore import (
    cells,
    choose,
    comparing,
    confirm,
    consequence,
    difference,
    ended,
    last_change,
    lost,
    picks,
    place,
    preview,
    remote,
    taking_back,
    thrown,
    upload,
)
from equipment.ui.backup.restore.picks import Picks
from equipment.ui.backup.restore.place import Place
from equipment.ui.plain import plain
from equipment.ui.progress import follow

TYPES = {"Equipment": ("equipment",), "Select Options": ("select_options",), "Both": ("equipment", "select_options")}


def show(backups: Backups, caller: Caller) -> None:
    """Draw the sub-tab."""
    last = last_restore(backups, caller)
    take_back = (taking_back.label(last), partial(taking_back.ask, last)) if last is not None else None
    shown: list[bool] = []
    busy = follow(backups.jobs, WRITING, lambda job: shown.append(ended.show(backups, job, take_back)))
    since = last_change.known(backups, last.safety if last is not None else None)
    if last is not None:
        taking_back.show(backups, caller, last, busy=busy, since=since, offered=any(shown))
    thrown.show(backups, caller)
    keys.show(caller)
    where = place.choose(backups, caller)
    backup = choose.show(backups, caller, where) if where is not None else None
    if where is not None and backup is not None and not _needs_key(backups, caller, where, backup):
        _restore(backups, caller, where, backup, busy, since)
    upload.show(backups, caller)
    lost.show(backups, caller, since)
    past.show(backups, caller)


def _needs_key(backups: Backups, caller: Caller, where: Place, backup: BackupSet) -> bool:
    if not where.remote:
        return keys.ask(backups, caller, backup, "restore")
    asked = keys.ask_for_remote(caller, backup)
    if asked:
        remote.checks(backups, caller, where, backup, busy=False, drill=False)  # stored bytes need no key
    return asked


def _restore(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, busy: bool, since: str
) -> None:
    for warning in backup.warnings:
        st.warning(plain(words.said(warning)))
    offered = {name: keys for name, keys in TYPES.items() if all(key in backup.parts for key in keys)}
    kind_column, mode_column = st.columns(2)
    keys = offered[kind_column.radio("What to restore", list(offered), horizontal=True, key="restore_type")]
    mode = mode_column.radio(
        "How", ["Replace", "Merge"], horizontal=True, key="restore_mode",
        captions=["The list becomes exactly this backup", "Bring back what the backup has, keep everything else"],
    ).lower()
    # In one box, so that what is ticked below keeps its place on the page while a comparison comes: the form would be
    # made anew further down, the old one stays until the run ends, and a tick on that one is gone with it.
    with st.container():
        compared, picked = None, {key: picks.of(where, backup, key) for key in keys} if mode == "merge" else {}
        if last_change.goes_on(backups):
            st.caption("The list is being changed. It is compared again afterwards.")
        elif remote.may_read_whole(where, backup):
            compared = comparing.show(backups, caller, backup, keys, remote=where.remote, since=since)
        if compared is not None:
            with st.container():  # whatever is said, what is ticked below stays where it is
                _consequence(compared, mode, picked)
            _details(backups, caller, where, backup, keys, compared, picked)
        elif where.remote:
            remote.before_comparing(backups, caller, where, backup, keys)
        if where.remote:
            remote.checks(backups, caller, where, backup, busy=busy)
    if compared is not None and mode == "merge" and not consequence.merges(compared):
        return
    blocked = "A backup or restore is running." if busy else _blocked(where, backup, keys, since)
    if compared is not None:
        blocked = blocked or picks.blocked(picked, compared)
    owner = backups.owner()
    here = "" if owner.may_restore(backup) else owner.database
    if confirm.show(
        backup, keys, mode, remote=where.remote, here=here, blocked=blocked, since=since, picked=picked
    ):
        _start(backups, caller, where, backup, keys, mode, picked, compared, foreign=bool(here))


def _blocked(where: Place, backup: BackupSet, keys: tuple[str, ...], since: str) -> str:
    if not remote.may_read_whole(where, backup):
        return "Compare with the current list first."
    return comparing.blocked(backup, keys, remote=where.remote, since=since)


def _consequence(compared: dict[str, Comparison], mode: str, picked: dict[str, Picks]) -> None:
    for key, chosen in picked.items():
        chosen.meet(compared[key])
    said = picks.consequence(picked, compared) if picks.wording(picked) else consequence.in_words(compared, mode)
    st.info(plain(said), icon=":material/info:")
    if gone := picks.told(picked):
        st.warning(plain(gone), icon=":material/unpublished:")
    if any(chosen.chosen for chosen in picked.values()):
        st.button("Drop all picks", icon=":material/deselect:", key="drop_picks", on_click=picks.drop, args=(picked,))


def _details(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, keys: tuple[str, ...],
    compared: dict[str, Comparison], picked: dict[str, Picks],
) -> None:
    with st.expander("Preview and compare", icon=":material/compare:"):
        stored = cells.as_stored()
        for key in keys:
            if len(keys) > 1:
                st.markdown(f"**{words.COLLECTIONS[key]}**")
            rows_tab, compare_tab = st.tabs(["Preview", "Compare"], key=f"look_{key}", on_change="rerun")
            if rows_tab.open:
                with rows_tab:
                    preview.show(backups, caller, where, backup, key, stored=stored)
            if compare_tab.open:
                with compare_tab:
                    difference.show(backups, caller, compared[key], stored=stored, picks=picked.get(key))
        if not picked:
            st.caption("Tick single records or fields under Merge to restore only these.")
        _two_backups(backups, caller, where, backup, keys[0], stored)


def _two_backups(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, key: str, stored: bool
) -> None:
    others = [candidate for candidate in backups.sets(caller)
              if candidate.usable and candidate.backup_id != backup.backup_id]
    if not others:
        return
    label = "Compare with a backup in this folder" if where.remote else "Compare with another backup"
    other = st.selectbox(label, [None, *others], key="compare_other",
                         format_func=lambda chosen: "Choose a backup" if chosen is None else words.title(chosen))
    if other is not None:
        comparisons = comparing.show(backups, caller, backup, (key,), other, remote=where.remote)
        if comparisons is not None:
            difference.show(backups, caller, comparisons[key], stored=stored)


def _start(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, keys: tuple[str, ...], mode: str,
    picked: dict[str, Picks], compared: dict[str, Comparison] | None, *, foreign: bool,
) -> None:
    expected = {key: comparison.counts for key, comparison in compared.items()} if compared else None
    try:
        if mode == "replace":
            backups.replace(caller, backup, keys, expected=expected, foreign=foreign, remote=where.remote)
        else:
            wanted = {key: chosen.pick for key, chosen in picked.items() if chosen.there}
            backups.merge(caller, backup, wanted or dict.fromkeys(keys), foreign=foreign, remote=where.remote)
            for chosen in picked.values():
                chosen.start()
    except BackupError as error:
        background.explain(error)
        return
    st.rerun()
