"""Ask for what takes a while in the background, and keep the answers for this visitor.

What was asked for is named by a tuple, its verb first. Each kind of job answers one question at a time; while a remote
hangs, questions to others, and to the backup folder, are jobs of another kind and wait for nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from backup_engine.api import BackupError
from backup_engine.errors import Cancelled, WrongKey
from equipment.backups import Backups
from equipment.jobs import Job
from equipment.ui.entrance import again
from equipment.ui.plain import plain
from equipment.ui.progress import running

__all__ = ["Wanted", "answer", "explain", "failure", "forget", "forget_all", "forget_failures", "known", "refused_key"]

Wanted = tuple[Hashable, ...]
ANSWERS, FAILURES, TOKEN = "background_answers", "background_failures", "background_token"
KEPT = 30
"""Answers of one visitor: pages of rows, comparisons, what lies in a remote. The oldest goes first."""
SHORT_SECONDS = 0.6
"""Work that is done by then is shown at once, before the page would be drawn twice."""


def answer(
    backups: Backups, kind: str, wanted: Wanted, start: Callable[[str], Job], *, again: str = "Try again"
) -> Any | None:
    """Give the answer, asking for it when there is none; None while that runs or after it failed, which is drawn.

    ``start`` starts the job, of the kind it is given, about ``wanted``. ``again`` labels the button after a failure.
    """
    kind = f"{kind}-{_token()}"
    _collect(backups, kind, wanted)
    if wanted in _kept(ANSWERS):
        return _kept(ANSWERS)[wanted]
    if wanted not in _kept(FAILURES):
        job = backups.jobs.latest(kind)
        if job is not None and job.running and job.about != wanted:
            job.cancel()  # nobody waits for it any more
        else:
            try:
                start(kind)
            except BackupError as error:
                explain(error)
                return None
        if not backups.jobs.wait_for(kind, SHORT_SECONDS):
            running(backups.jobs, kind)
            return None
        _collect(backups, kind, wanted)
    if wanted in _kept(FAILURES):
        _explain(_kept(FAILURES)[wanted], wanted, again)
    return _kept(ANSWERS).get(wanted)


def known(wanted: Wanted) -> Any | None:
    """Give the answer if there is one already."""
    return _kept(ANSWERS).get(wanted)


def failure(wanted: Wanted) -> BackupError | None:
    """Give why there is none."""
    found: BackupError | None = _kept(FAILURES).get(wanted)
    return found


def refused_key(part: Hashable) -> bool:
    """Whether the key given did not open what a question with this part was about."""
    return any(part in wanted and isinstance(error, WrongKey) for wanted, error in _kept(FAILURES).items())


def forget(verb: str) -> None:
    """Throw this visitor's answers to a kind of question away, because they count no more."""
    for place in (ANSWERS, FAILURES):
        for wanted in [wanted for wanted in _kept(place) if wanted[0] == verb]:
            del _kept(place)[wanted]


def forget_all() -> None:
    """Keep nothing: the answers may have been read with a key that is to be forgotten."""
    st.session_state.pop(ANSWERS, None)
    forget_failures()


def forget_failures() -> None:
    """Let everything that failed be asked again."""
    st.session_state.pop(FAILURES, None)


def explain(error: BackupError) -> None:
    """Draw an error: one line, and what can be done about it; a question for the password in its place, when that is
    what is missing. Parts of it may have been said by somebody else."""
    again.if_needed(error)
    st.error(plain(error.message), icon=":material/error:")
    if error.hint:
        st.caption(plain(error.hint))


def _kept(place: str) -> dict[Wanted, Any]:
    kept: dict[Wanted, Any] = st.session_state.setdefault(place, {})
    return kept


def _token() -> str:
    token: str = st.session_state.setdefault(TOKEN, secrets.token_hex(8))
    return token


def _collect(backups: Backups, kind: str, wanted: Wanted) -> None:
    job = backups.jobs.latest(kind)
    if job is None or job.running:
        return
    backups.jobs.clear(kind)
    if isinstance(job.error, Cancelled) and job.about != wanted:
        return  # left for another question: nobody has to be told
    place = _kept(FAILURES if job.error is not None else ANSWERS)
    place[job.about] = job.error if job.error is not None else job.result
    while len(place) > KEPT:
        del place[next(iter(place))]


def _explain(error: BackupError, wanted: Wanted, again: str) -> None:
    explain(error)
    if st.button(again, key=f"again_{wanted}"):
        _kept(FAILURES).pop(wanted, None)
        st.rerun()
