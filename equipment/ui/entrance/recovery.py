"""Recover from a backup on the first page: the set-up code, then where the backups lie, then which one.

Nobody is signed in, so every step asks ``equipment.recovery``, which asks for the code again. What comes from elsewhere
is shown as text. A pasted identity is in the server's memory for this visit, and gone once everything is back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from backup_engine.api import BackupError, Recoverable, Recovered
from backup_engine.errors import HostKeyUnknown
from equipment import backups as all_backups, recovery, sealing
from equipment.accounts import setup
from equipment.accounts.login import SignInRefused
from equipment.backups import NO_KEYS, Backups
from equipment.jobs import Job, Jobs
from equipment.recovery import LOOKING, RECOVERING, Asked
from equipment.server import application
from equipment.settings import Settings
from equipment.store.access import Db
from equipment.ui import progress
from equipment.ui.entrance import code_place, found
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["follow", "show"]

PASS: Final = "_equipment_setup_pass"
KEYS: Final = "_equipment_recovery_keys"
EXAMPLE: Final = "s3://bucket/prefix?region=eu-west-1, sftp://user@host/path or /mnt/disk/backups"
LOGINS: Final = (
    "No passwords in the address: the login is read from the environment of this server (S3: AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY; Azure: AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY; Google: "
    "GOOGLE_SERVICE_ACCOUNT; SSH: SFTP_PRIVATE_KEY_FILE or SFTP_PASSWORD), or from the private file that "
    "?credentials=file:/PATH names. A folder is one on this server. Only what backups consist of is read there, and "
    "nothing is written.")


def show(db: Db, settings: Settings) -> None:
    """Draw the next step of this visitor."""
    shown = st.session_state.get(PASS)
    try:
        setup.require(shown, db)
    except SignInRefused:
        _ask_code(db)
        return
    here = _backups(settings)
    try:
        _ask_place(here, db)
        busy = progress.follow(
            here.jobs, LOOKING, lambda job: _choose(here, db, settings, job.result),
            failure=lambda jobs, job: _not_found(here, db, job), cancel=lambda job: _cancel(here, LOOKING))
    except SignInRefused as refused:
        st.error(plain(str(refused)), icon=":material/error:")
        return
    if not busy:
        st.caption("What is recovered stands by: it makes no backups by itself and changes nothing in a remote until "
                   "an administrator lets it act.")


def follow(db: Db, settings: Settings) -> bool:
    """Show a recovery to who has the code: that it runs (True), or what came of it, above whatever comes next."""
    shown = st.session_state.get(PASS)
    try:
        setup.require(shown)
    except SignInRefused:
        return False
    here = _backups(settings)
    return progress.follow(here.jobs, RECOVERING, lambda job: _done(here, job.result), failure=_failed,
                           cancel=lambda job: _cancel(here, RECOVERING))


def _ask_code(db: Db) -> None:
    st.write("List, accounts, settings, trash and activity come back from a remote or a copied backup folder, into "
             "this empty database.")
    code_place.tell("First comes")
    with st.form("recovery_code", border=True):
        code = st.text_input("Set-up code", autocomplete="off", max_chars=40)
        pressed = st.form_submit_button("Continue", type="primary")
    if not pressed:
        return
    try:
        st.session_state[PASS] = setup.admit(db, code)
    except SignInRefused as refused:
        st.error(plain(str(refused)), icon=":material/error:")
    else:
        st.rerun()


def _ask_place(here: Backups, db: Db) -> None:
    with st.form("recovery_place", border=True):
        source = st.text_input("Where the backups lie", placeholder=EXAMPLE, autocomplete="off", max_chars=2000,
                               help="The address of a remote as in BACKUP_REMOTE, or the path of a backup folder.")
        st.caption(plain(LOGINS))
        # a password field is one line: the browser takes the breaks out of what is pasted, which no identity minds
        pasted = st.text_input("Identity, for encrypted backups", type="password", autocomplete="off",
                               placeholder="AGE-SECRET-KEY-1…",
                               help="From the identity file or the recovery sheet. It is kept in the server's memory "
                                    "for this visit and written nowhere.")
        words = st.text_input("Its passphrase, if it has one", type="password", autocomplete="off")
        with st.expander("An older state, or one of several databases"):
            at = st.text_input("Moment", placeholder="2026-03-31T14:00", autocomplete="off", max_chars=40,
                               help="The newest backup at or before it; or the label of a backup. Empty: the newest.")
            of = st.text_input("Database", autocomplete="off", max_chars=100,
                               help="Its name, where several keep backups in that place.")
        pressed = st.form_submit_button("Look", type="primary", icon=":material/search:")
    if pressed:
        _look(here, db, Asked(source, at=at, of=of), pasted, words)


def _look(here: Backups, db: Db, asked: Asked, pasted: str, words: str) -> None:
    shown = st.session_state.get(PASS)
    setup.require(shown, db)  # before the identity is read, too
    try:
        st.session_state[KEYS] = sealing.keys_from(pasted, words) if pasted.strip() else NO_KEYS
    except BackupError as error:
        _error(error)
        return
    _start_looking(here, db, asked)


def _start_looking(here: Backups, db: Db, asked: Asked) -> None:
    recovery.look(here, db, st.session_state.get(PASS), asked, st.session_state.get(KEYS, NO_KEYS))
    here.jobs.wait_for(LOOKING, seconds=0.5)
    st.rerun()


def _not_found(here: Backups, db: Db, job: Job) -> None:
    assert job.error is not None
    with st.container(border=True):
        if not isinstance(job.error, HostKeyUnknown) or not job.error.fingerprint:
            _error(job.error)
            return
        st.warning("The SSH server shows a key that nobody has confirmed.", icon=":material/key:")
        st.code(job.error.fingerprint, language=None)
        same = st.checkbox("I have compared it: it is what the administrator of that server says",
                           key=f"host_key_{job.error.fingerprint}")
        if st.button("Look there", disabled=not same, key="host_key_confirmed") and same:
            _start_looking(here, db, replace(job.about, host_key=job.error.fingerprint))


def _choose(here: Backups, db: Db, settings: Settings, result: Recoverable) -> None:
    backup_id = found.choose(result, settings.mongodb_database)
    if not backup_id:
        return
    try:
        recovery.recover(here, db, settings, st.session_state.get(PASS), backup_id,
                         keys=st.session_state.get(KEYS, NO_KEYS), address=visitor().address)
    except BackupError as error:
        _error(error)
        return
    here.jobs.wait_for(RECOVERING, seconds=0.5)
    st.rerun()


def _failed(jobs: Jobs, job: Job) -> None:
    assert job.error is not None
    with st.container(border=True):
        _error(job.error)
        if st.button("Dismiss", key="dismiss_recovery"):
            jobs.clear(RECOVERING)  # drawn for who has the code only
            st.rerun()


def _done(here: Backups, done: Recovered) -> None:
    st.session_state.pop(KEYS, None)
    recovery.forget(here, st.session_state.get(PASS), LOOKING)
    with st.container(border=True, key="recovered"):
        told = [sentence for sentence in done.sentences if sentence not in done.lost]
        first, *rest = told
        (st.success if done.verified else st.warning)(plain(first), icon=":material/settings_backup_restore:")
        st.text("\n".join(rest))
        st.markdown("**What is not in it**")
        st.text("\n".join(done.lost))
        if done.to_be_given_again:
            st.markdown("**What no backup holds, and this server has not been told**")
            st.text("\n".join(f"{name}: {what}" for name, what in done.to_be_given_again.items()))
        if done.application is not None:
            st.info("Sign in with the accounts of the backup: names and passwords are those of that moment.",
                    icon=":material/login:")
        else:
            st.info("There are no accounts in it: create the administrator.", icon=":material/person_add:")


def _cancel(here: Backups, kind: str) -> None:
    try:
        recovery.cancel(here, st.session_state.get(PASS), kind)
    except SignInRefused as refused:
        st.error(plain(str(refused)))


def _error(error: BackupError) -> None:
    st.error(plain(error.message), icon=":material/error:")
    if error.hint:
        st.caption(plain(error.hint))


def _backups(settings: Settings) -> Backups:
    return all_backups.of(settings, application.connector(settings))
