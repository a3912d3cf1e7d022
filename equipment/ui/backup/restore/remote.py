"""What a backup in a remote has beside one in the folder: nothing of it is fetched before somebody asks for that."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, BackupSet, Verification, is_plain
from equipment.backups import Backups, Caller
from equipment.ui.backup import background, verified, words
from equipment.ui.backup.restore import cells, preview
from equipment.ui.backup.restore.place import Place
from equipment.ui.plain import plain

__all__ = ["before_comparing", "checks", "may_read_whole"]

ASKED = "remote_asked"


def may_read_whole(where: Place, backup: BackupSet) -> bool:
    """Whether the set may be read as a whole: one in the folder always, one in a remote once somebody asked for it."""
    return not where.remote or ("fetch", where.remote, backup.backup_id) in _asked()


def before_comparing(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, keys: tuple[str, ...]
) -> None:
    """Offer what can be seen without the whole set, and to fetch it."""
    if may_read_whole(where, backup):
        return  # it is on its way, or that went wrong and is said above
    if is_plain(backup):
        box = st.expander("Preview", icon=":material/table_rows:", key="remote_preview", on_change="rerun")
        if box.open:
            with box:
                stored = cells.as_stored()
                for key in keys:
                    if len(keys) > 1:
                        st.markdown(f"**{words.COLLECTIONS[key]}**")
                    preview.show(backups, caller, where, backup, key, stored=stored)
    label = "Compare with the current list" if is_plain(backup) else "Preview and compare with the current list"
    if st.button(f"{label} (fetches {_size(where, backup)})", icon=":material/cloud_download:", key="remote_fetch"):
        _asked().add(("fetch", where.remote, backup.backup_id))
        st.rerun()
    st.caption("It is fetched once into the work folder, as it is stored, and taken away ten minutes after it was last "
               "used. To keep it here: Auto Backup, Show what is there, Fetch into the backup folder.")


def checks(
    backups: Backups, caller: Caller, where: Place, backup: BackupSet, *, busy: bool, drill: bool = True
) -> None:
    """Offer to verify what lies there, and to rehearse a restore of it."""
    wanted = ("verify", where.remote, backup.backup_id)
    with st.container(horizontal=True):
        if st.button("Verify what lies there", icon=":material/verified:", key="remote_verify"):
            background.forget("verify")
            _asked().add(wanted)
        if drill and st.button("Restore drill", icon=":material/exercise:", key="remote_drill", disabled=busy):
            try:
                backups.drill(caller, backup, remote=where.remote)
            except BackupError as error:
                background.explain(error)
            else:
                st.rerun()
    if wanted in _asked():
        outcome: Verification | None = background.answer(
            backups, f"verify-{where.remote}", wanted,
            start=lambda kind: backups.verify(caller, backup, remote=where.remote, kind=kind, about=wanted))
        if outcome is not None:
            st.caption(f"What lies in {plain(where.remote)}:")
            verified.show(outcome)


def _size(where: Place, backup: BackupSet) -> str:
    """How much a set is with the full one it rests on."""
    assert where.there is not None
    needed = [backup, *(each for each in where.there.sets if backup.base and each.backup_id == backup.base)]
    return words.size(sum(part.stored_bytes for each in needed for part in each.parts.values()))


def _asked() -> set[background.Wanted]:
    asked: set[background.Wanted] = st.session_state.setdefault(ASKED, set())
    return asked
