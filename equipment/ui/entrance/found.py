"""What a look has found on the first page: the backups to choose from, the warnings, and the tick that names one.

Labels are Markdown, and what stands in a backup was written elsewhere: all of it goes through ``plain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from backup_engine.api import BackupSet, Recoverable
from equipment.ui.backup import words
from equipment.ui.plain import plain

__all__ = ["choose"]

ITS_NAMES: Final = {**words.COLLECTIONS, "users": "accounts", "deleted_columns": "deleted columns",
                    "files": "attached files", "file_lengths": "files with bytes of their own",
                    "file_parts": "parts of them"}


def choose(found: Recoverable, database: str) -> str:
    """Draw what was found; gives the ``backup_id`` of what was ticked and pressed, else an empty text."""
    st.markdown("**Found in**")
    st.text(found.place.shown)
    for each in found.skipped:
        _warn(f"Backup {each.backup.label} is newer and cannot be used: {each.why}")
    for warning in found.warnings:
        _warn(f"{warning[:1].upper()}{warning[1:]}")
    pairs = {pair.backup.backup_id: pair for pair in (found.chosen, *found.before)}
    picked = st.radio(
        "Backup to recover", list(pairs), captions=[_about(found, number) for number in range(len(pairs))],
        format_func=lambda backup_id: plain(_name(pairs[backup_id].backup)), key=f"recover_which_{found.place.shown}")
    pair = pairs.get(picked, found.chosen)
    if pair.lacks:
        _warn(f"{pair.lacks[:1].upper()}{pair.lacks[1:]}")
    if found.closed is not None:
        st.info(f"{plain(found.closed.message)}  \nPaste the identity above and look again.", icon=":material/key:")
        return ""
    backup = pair.backup
    with_it = " and the accounts" if pair.own is not None else ""
    st.write(plain(f"The list{with_it} of backup {backup.label} ({_counted(backup.counts)}) will be put into the empty "
                   f"database “{database}”."))
    # short: Streamlit cuts the label of a tick off where the line ends, 40 characters on a phone
    ticked = st.checkbox(plain(f"Recover backup {backup.label}"), key=f"recover_tick_{backup.backup_id}")
    pressed = st.button("Recover", type="primary", key="recover", icon=":material/settings_backup_restore:",
                        disabled=not ticked)
    return backup.backup_id if pressed and ticked else ""


def _name(backup: BackupSet) -> str:
    return f"{words.moment(backup.started)}, number {backup.order}"


def _about(found: Recoverable, number: int) -> str:
    pair = found.pairs[number]
    own = f"with {_counted(pair.own.counts)}" if pair.own is not None else "no accounts with it"
    facts = [_counted(pair.backup.counts), own, f"database “{pair.backup.database}”" if pair.backup.database else "",
             f"sent by {pair.host}" if pair.host else "", "encrypted" if pair.encrypted else "not encrypted",
             f"signed by {pair.signed_by}" if pair.signed_by else ""]
    return plain(" · ".join(fact for fact in facts if fact))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {ITS_NAMES.get(key, key)}" for key, count in counts.items() if count) or "nothing"


def _warn(text: str) -> None:
    st.warning(plain(f"{text.rstrip('.')}."), icon=":material/warning:")
