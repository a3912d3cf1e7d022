"""Run comparisons in the background, keep their results for this visitor, and say when one is needed again."""

from __future__ import annotations

import secrets

import streamlit as st

from backup_engine.api import BackupError, BackupSet, Comparison
from equipment.backups import Backups, Caller
from equipment.ui.progress import running

RESULTS = "comparison_results"
FAILURES = "comparison_failures"
TOKEN = "comparison_token"
Wanted = tuple[str, tuple[str, ...], str]


def show(
    backups: Backups, caller: Caller, backup: BackupSet, keys: tuple[str, ...], other: BackupSet | None = None
) -> dict[str, Comparison] | None:
    """Give the comparisons by collection key, starting them when there are none; None while that runs or failed."""
    wanted = _wanted(backup, keys, other)
    results = st.session_state.setdefault(RESULTS, {})
    failures = st.session_state.setdefault(FAILURES, {})
    _collect(backups, results, failures)
    if wanted in results:
        return dict(results[wanted])
    if wanted in failures:
        _explain(failures[wanted], wanted)
        return None
    try:
        backups.compare(caller, backup, keys, other, kind=_kind(), about=wanted)
    except BackupError as error:
        st.error(str(error))
        return None
    if not backups.jobs.wait_for(_kind(), seconds=0.6):  # a short one is done before the page would be drawn twice
        running(backups.jobs, _kind())
        return None
    _collect(backups, results, failures)
    if wanted in failures:
        _explain(failures[wanted], wanted)
    return dict(results[wanted]) if wanted in results else None


def blocked(backup: BackupSet, keys: tuple[str, ...]) -> str:
    """Say why a restore cannot be confirmed; empty when it can."""
    wanted = _wanted(backup, keys, None)
    failure = st.session_state.get(FAILURES, {}).get(wanted)
    if failure is not None:
        return str(failure.message)
    return "" if wanted in st.session_state.get(RESULTS, {}) else "Waiting for the comparison with the current list."


def forget() -> None:
    """Throw this visitor's comparisons away, because the list has changed."""
    st.session_state.pop(RESULTS, None)
    st.session_state.pop(FAILURES, None)


def _wanted(backup: BackupSet, keys: tuple[str, ...], other: BackupSet | None) -> Wanted:
    return backup.backup_id, keys, other.backup_id if other else "current"


def _kind() -> str:
    token = st.session_state.setdefault(TOKEN, secrets.token_hex(8))
    return f"compare-{token}"


def _collect(
    backups: Backups, results: dict[Wanted, dict[str, Comparison]], failures: dict[Wanted, BackupError]
) -> None:
    job = backups.jobs.latest(_kind())
    if job is None or job.running:
        return
    backups.jobs.clear(_kind())
    wanted = job.about
    if job.error is not None:
        failures[wanted] = job.error
    else:
        results[wanted] = job.result


def _explain(error: BackupError, wanted: Wanted) -> None:
    st.error(error.message, icon=":material/error:")
    if error.hint:
        st.caption(error.hint)
    if st.button("Compare again", key=f"again_{wanted}"):
        forget()
        st.rerun()
