"""Long work on the list: imports, bulk edits, columns. One object per process holds it, so that it outlives a tab."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import streamlit as st
from bson import ObjectId

from backup_engine.model import Watch
from equipment.jobs import Jobs
from equipment.store.work import LIST, Told
from equipment.ui.context import App

COLUMNS: Final = "columns"
"""The kind of job; one change of the columns at a time in a process."""


@st.cache_resource
def list_jobs() -> Jobs:
    """Give the process's jobs on the list."""
    return Jobs()


def of_person(app: App, what: str) -> str:
    """Give the kind of job of which each person has one at a time, such as ``bulk_edit``."""
    return f"{what}_{app.account.name}"


def import_of(app: App) -> str:
    """Give the kind of job: one import at a time for each session."""
    return f"import-{app.who.session[:16]}"


def start(app: App, kind: str, title: str, action: str, work: Callable[[Watch], Any]) -> None:
    """Start work beside the page, and tell the other servers of the database how far it is."""
    hear = Told(lambda: app.database, LIST, action, app.account.key)
    list_jobs().start(kind, title, app.account.name, work, hear=hear)


def start_beside(app: App, kind: str, title: str, action: str, work: Callable[[Watch], Any]) -> None:
    """Start work beside the page and draw the page anew, which follows it."""
    start(app, kind, title, action, work)
    list_jobs().wait_for(kind, seconds=0.5)  # short work is done before the page would have to be drawn twice
    st.rerun()


def numbers(kinds: Collection[str] | None = None) -> list[ObjectId]:
    """Give the numbers by which other servers know what runs here: of these kinds, or of all."""
    return [job.hear.number for job in list_jobs().running()
            if isinstance(job.hear, Told) and (kinds is None or job.kind in kinds)]
