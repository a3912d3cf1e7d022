"""Follow a job on the page: progress while it runs, its outcome once."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from equipment.jobs import Job, Jobs
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
    numbers = f" · {now.done:,}" + (f" of {now.total:,}" if now.total else "") if now.done else ""
    st.progress(min(now.done / now.total, 1.0) if now.total else 0.0, text=plain(f"{job.title}: {now.phase}{numbers}"))
    if st.button("Cancel", key=f"cancel_{kind}", icon=":material/close:", disabled=job.stop.is_set()):
        cancel(job)


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
