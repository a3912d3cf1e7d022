"""The identity that a visitor pastes to open encrypted backups: kept in the server's memory for this visit, no longer.

It is in no address, cookie, database or log. It goes with the tab, with a reload, and with *Forget the key*.
"""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, BackupSet, Keys
from equipment import sealing
from equipment.backups import NO_KEYS, Backups, Caller
from equipment.ui.backup import background
from equipment.ui.plain import plain

__all__ = ["ask", "ask_for_remote", "held", "show"]

HELD = "backup_keys"


def held() -> Keys:
    """Give what this visitor has pasted."""
    keys = st.session_state.get(HELD, NO_KEYS)
    return keys if isinstance(keys, Keys) else NO_KEYS


def ask(backups: Backups, caller: Caller, backup: BackupSet | None, place: str) -> bool:
    """Draw the form where this backup needs a key that is not at hand; says whether it does."""
    if not sealing.needs_key(backups, caller, backup):
        return False
    _form(caller, place)
    return True


def ask_for_remote(caller: Caller, backup: BackupSet) -> bool:
    """The same for a backup in a remote, of which no byte is read for that: whether a key opens it shows when it is
    used for the first time."""
    if not backup.encrypted or (held() != NO_KEYS and not background.refused_key(backup.backup_id)):
        return False
    _form(caller, "remote")
    return True


def _form(caller: Caller, place: str) -> None:
    st.info("**Needs the key.** This backup is encrypted; without its identity only its stored bytes can be checked.",
            icon=":material/key:")
    if held() != NO_KEYS:
        st.error("Wrong key or passphrase: the key given for this visit opens other backups.")
    with st.form(f"key_{place}", clear_on_submit=True):
        text, phrase = st.columns([3, 2])
        pasted = text.text_input("Identity", type="password", placeholder="AGE-SECRET-KEY-1…", autocomplete="off",
                                 help="The line of the identity file or of the recovery sheet. Of a backup that was "
                                      "made with a passphrase, the passphrase.")
        words = phrase.text_input("Its passphrase, if it has one", type="password", autocomplete="off")
        st.caption("It is kept in the server's memory for this visit and written nowhere.")
        if st.form_submit_button("Use this key", icon=":material/key:"):
            _take(caller, pasted, words)


def show(caller: Caller) -> None:
    """Say that a key is held, and let it go."""
    if held() == NO_KEYS:
        return
    text, button = st.columns([5, 2], vertical_alignment="center")
    text.caption(":material/key: A key for encrypted backups is held in memory for this visit.")
    if button.button("Forget the key", icon=":material/key_off:", width="stretch"):
        st.session_state.pop(HELD, None)
        background.forget_all()
        st.rerun()


def _take(caller: Caller, pasted: str, words: str) -> None:
    try:
        caller.check("backup.see")
        st.session_state[HELD] = sealing.keys_from(pasted, words)
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        background.forget_failures()  # with this key they may go well
        st.rerun()
