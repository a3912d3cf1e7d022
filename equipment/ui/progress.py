"""Follow a job on the page: progress while it runs, its outcome once."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from backup_engine.errors import BackupError
from equipment.jobs import Job, Jobs
from equipment.store.work import Work
from equipment.ui.plain import plain

POLL_SECONDS = 0.4


def follow(
    jobs: Jobs, kind: str, outcome: Callable[[Job], None], *, failure: Callable[[Jobs, Job], None] | None = None,
    cancel: Callable[[Job], None] = Job.cancel,
) -> bool:
    """Show the job of this kind: a bar while it runs (True), else what ``outcome`` draws of it (False).

    ``failure`` draws one that failed, else a line with its error does; ``cancel`` is what the button of the bar does.
    """
    job = jobs.latest(kind)
    if job is None:
        return False
    if job.running:
        running(jobs, kind, cancel)
        return True
    if job.error is not None:
        (failure or _failure)(jobs, job)
    else:
        outcome(job)
    return False


@st.fragment(run_every=POLL_SECONDS)
def running(jobs: Jobs, kind: str, cancel: Callable[[Job], None] = Job.cancel) -> None:
    """Show the bar of a running job, and run the page again when it is done."""
    job = jobs.latest(kind)
    if job is None or not job.running:
        st.rerun()
        return
    now = job.progress
    st.progress(share(now.done, now.total), text=plain(in_words(job, time.monotonic())))
    with st.container(horizontal=True, vertical_alignment="center"):
        stopped = now.final or job.stop.is_set()
        if st.button("Cancel", key=f"cancel_{kind}", icon=":material/close:", disabled=stopped):
            cancel(job)
        stopping(final=now.final, asked=job.stop.is_set())


def told(work: Work, what: str, stop: Callable[[], None]) -> None:
    """Show how far work is that the page does not follow itself, with a button that asks to ``stop``."""
    st.progress(share(work.done, work.total), text=plain(f"{what}: {work.phase}{counted(work.done, work.total)}"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Cancel", key=f"cancel_{work.number}", icon=":material/close:", disabled=work.final or work.stops):
            try:
                stop()
            except BackupError as error:
                st.error(plain(str(error)))
        stopping(final=work.final, asked=work.stops)


def stopping(*, final: bool, asked: bool) -> None:
    """Say why *Cancel* does nothing more, if it does not."""
    if final:
        st.caption("The point of no return is behind it: it can no longer be cancelled, and Undo takes it back.")
    elif asked:
        st.caption("It stops at the next safe point.")


def share(done: int, total: int | None) -> float:
    """Give how much is done, for a bar; 0 where nobody knows how much there is."""
    return min(done / total, 1.0) if total else 0.0


def counted(done: int, total: int | None) -> str:
    """Say how many of how many, to follow the name of a phase; nothing before the first."""
    return f" · {done:,}" + (f" of {total:,}" if total else "") if done else ""


def in_words(job: Job, clock: float) -> str:
    """Say where a job is: its phase, how many of how many, how many a second, and what this phase still takes."""
    now = job.progress
    rate, left = job.pace.rate(now, clock), job.pace.left(now, clock)
    fast = "" if rate is None else f" · {rate:,.0f} a second" if rate >= 1 else f" · {60 * rate:,.0f} a minute"
    wait = "" if left is None else f" · about {_span(left)} left"
    return f"{job.title}: {now.phase}{counted(now.done, now.total)}{fast}{wait}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _failure(jobs: Jobs, job: Job) -> None:
    if job.error is None:
        return
    with st.container(border=True):
        st.error(plain(job.error.message), icon=":material/error:")
        if job.error.hint:
            st.caption(plain(job.error.hint))
        if st.button("Dismiss", key=f"dismiss_{job.kind}"):
            jobs.clear(job.kind)
            st.rerun()
