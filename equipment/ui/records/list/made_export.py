"""A file of many records that is made beside the page: how far it is, and then where it can be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from backup_engine.model import Watch
from equipment.domain.counting import number_of, size_of
from equipment.exchange import kept_exports, list_export
from equipment.exchange.kept_exports import KEPT_SECONDS, Kept
from equipment.jobs import Job
from equipment.server.downloads.list_downloads import MADE
from equipment.ui import links
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs, of_person
from equipment.ui.plain import plain
from equipment.ui.progress import follow

__all__ = ["make", "show"]

WHAT: Final = "export"
"""The kind of job: each person makes one file at a time."""


def make(app: App, form: str, asked: Mapping[str, Sequence[str]], columns: str, count: int) -> None:
    """Start to make the file of the records that the page's address ``asked`` for, and draw the page anew."""
    def work(watch: Watch) -> Kept:
        watch.step("Finding the records")
        keys = list_export.keys_for(app.database, list_export.query_of(asked))
        content = list_export.stream(app.database, app.who, form, keys, columns=columns, watch=watch)
        return kept_exports.keep(app.database, app.who, form, content, watch)

    list_jobs().start(of_person(app, WHAT), f"{form.upper()} of {number_of(count, 'record')}", app.account.name, work)
    st.rerun()


def show(app: App) -> None:
    """Show how far this visitor's file is, with a way to cancel it, and then where it is."""
    follow(list_jobs(), of_person(app, WHAT), _ready)


def _ready(job: Job) -> None:
    made: Kept = job.result
    with st.container(horizontal=True, vertical_alignment="center"):
        hours = number_of(round(KEPT_SECONDS / 3_600), "hour")
        st.success(plain(f"{job.title}, {size_of(made.size)}, is ready. It is kept for {hours}."),
                   icon=":material/download_done:")
        st.link_button("Download", links.to(f"/list.{made.form}?{MADE}={made.number}"), icon=":material/download:",
                       type="primary")
        if st.button("Drop this file", key="export_drop", icon=":material/close:"):
            kept_exports.drop(made.number)
            list_jobs().clear(job.kind)
            st.rerun()
