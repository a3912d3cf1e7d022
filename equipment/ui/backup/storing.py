"""How backups are stored: compression, for whom they are encrypted, and storing those that are there anew."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, Resealed
from equipment import sealing
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.sealing import COMPRESSIONS, Stored
from equipment.ui import asking, time_zone
from equipment.ui.backup import words
from equipment.ui.entrance import again
from equipment.ui.plain import plain

__all__ = ["line", "resealed", "show"]

NAMES = {"none": "None: a table any program opens", "gzip": "gzip", "zstd": "Zstandard: the smallest and fastest"}


def line(stored: Stored) -> str:
    """Say in one line who can read the files; empty for plain ones. "Encrypted" only after a drill with an identity."""
    if not stored.recipients:
        return ""
    if not stored.proven:
        return ("Files are written for a key that no drill has proven yet: run a restore drill with its identity, or "
                "they may never be opened again.")
    last = max(recipient.proven for recipient in stored.recipients if recipient.proven)
    return (f"Encrypted for {words.count(len(stored.recipients), 'key')}; opened by a restore drill on "
            f"{words.moment(last)[:10]}.")


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section."""
    st.subheader("Compression and encryption")
    stored = sealing.stored(backups, caller)
    if said := line(stored):
        (st.success if stored.proven else st.warning)(said, icon=":material/lock:")
    _recipients(stored)
    # What is stored is in the keys: else a page left open would store once more what somebody else has changed.
    for_whom = "_".join(recipient.fingerprint for recipient in stored.recipients)
    with st.form("storing"):
        compression = st.selectbox(
            "Compression", COMPRESSIONS, index=COMPRESSIONS.index(stored.compression), format_func=NAMES.__getitem__,
            key=f"storing_compression_{stored.compression}", disabled="compression" in stored.given,
            help=_given(stored, "compression"))
        recipients = st.text_area(
            "Encrypt for these public keys, one a line; empty means plain files",
            "\n".join(recipient.key for recipient in stored.recipients), height=90, placeholder="age1…",
            key=f"storing_recipients_{for_whom}", disabled="recipients" in stored.given,
            help=_given(stored, "recipients"))
        st.caption("Make keys where they will be kept: `.venv/bin/python backup_csv_for_db_restore.py keys new`. Two "
                   "are better: either opens everything, and one may be lost. What was written before stays as it is.")
        if st.form_submit_button("Store backups like this", disabled=len(stored.given) == 2):
            _change(backups, caller, compression, recipients)
    _versions(backups, caller)
    _open_sets(backups, caller, stored)


def resealed(job: Job) -> None:
    """Say what storing anew did."""
    if isinstance(job.result, Resealed):
        (st.warning if job.result.left else st.success)(plain(job.result.message))
        for backup, reason in job.result.left:
            st.caption(plain(f"{words.title(backup)}: {reason}"))


def _versions(backups: Backups, caller: Caller) -> None:
    try:
        made = sealing.versions(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    if made:
        with st.expander(words.last(len(made), "change")):
            zone = time_zone.of_reader()
            rows = [{"When": words.moment(version.at, zone), "By": version.by,
                     "What": sealing.in_words(version.values["compression"], version.values["recipients"])}
                    for version in made]
            st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _recipients(stored: Stored) -> None:
    for recipient in stored.recipients:
        proof = (f"proven by a drill on {words.moment(recipient.proven)[:10]}" if recipient.proven
                 else "not proven: no drill with its identity has passed")
        st.caption(f"{plain(recipient.key)}  \nFingerprint {plain(recipient.fingerprint)}, {proof}")
    if len(stored.recipients) == 1:
        st.caption(":material/warning: One key only: if it is lost, so is every backup. Add a second one.")
    for part, option in stored.given.items():
        st.caption(f":material/settings: {part.capitalize()}: given by `{option}` of this installation, and not "
                   "changed here.")


def _given(stored: Stored, part: str) -> str | None:
    return f"Given by {stored.given[part]}" if part in stored.given else None


def _change(backups: Backups, caller: Caller, compression: str, recipients: str) -> None:
    try:
        sealing.change(backups, caller, compression, recipients)
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)))
    else:
        st.rerun()


def _open_sets(backups: Backups, caller: Caller, stored: Stored) -> None:
    if not stored.recipients:
        return
    if stored.open_sets:
        st.warning(f"{words.count(stored.open_sets, 'backup')} of before can be read by anybody who has the files.",
                   icon=":material/lock_open:")
    if asking.button(
        "Store all backups anew", "Every backup that is not stored like this is written anew, read back and compared; "
        "then the old files are removed. Those encrypted for another key need that key first.", "Store anew",
        "store_anew", icon=":material/enhanced_encryption:", disabled=backups.running(),
    ):
        try:
            sealing.reseal(backups, caller)
        except BackupError as error:
            again.if_needed(error)
            st.error(plain(str(error)))
        else:
            st.rerun()
