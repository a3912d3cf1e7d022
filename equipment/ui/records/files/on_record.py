"""A record's own page: its files, with small pictures, and the ways to open, fetch, remove and bring back each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.attachment import Attachment, size_in_words
from equipment.server.downloads import file_download
from equipment.store.access import Db, Who
from equipment.store.life import attachments, filing
from equipment.store.list.records import Entry
from equipment.ui import asking, boundary, links, time_zone
from equipment.ui.context import App
from equipment.ui.parts import newest_first
from equipment.ui.plain import plain
from equipment.ui.records.files import attaching

__all__ = ["show"]

SIDE: Final = 72
"""Pixels of a small picture on the page."""


def show(app: App, entry: Entry) -> None:
    """Draw the files and the buttons; nothing where there is neither."""
    found, may = attachments.of_thing(app.database, entry.key), app.may(filing.RIGHT)
    removed = attachments.of_thing(app.database, entry.key, removed=True) if may else []
    if not (found or may):
        return
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**Files ({len(found)})**", width="content")
            if may and st.button("Attach files", icon=":material/attach_file:", key="record_attach",
                                 disabled=app.read_only):
                attaching.dialog(app, entry)
        newest_first.draw(found, lambda some: _lines(app, some, may))
        if removed:
            with st.expander(f"Removed ({len(removed)})"):
                for attached in removed:
                    _removed(app, attached)


def _lines(app: App, found: Sequence[Attachment], may: bool) -> None:
    for attached in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if attached.thumbnail:
                st.image(attached.thumbnail, width=SIDE, alt=f"Small picture of {attached.name}")
            with st.container(gap=None, width="stretch"):
                st.markdown(plain(attached.name))
                st.caption(plain(f"{size_in_words(attached.size)} · {attached.by}, "
                                 f"{time_zone.shown_time(attached.at)}"))
                if attached.note:
                    st.caption(plain(attached.note))
            with st.container(horizontal=True, gap="xsmall", width="content"):
                _buttons(app, attached, may)


def _buttons(app: App, attached: Attachment, may: bool) -> None:
    if attached.is_shown:
        st.link_button("Open", links.to(file_download.path_of(attached.number, show=True)),
                       icon=":material/open_in_new:")
    st.link_button("Download", links.to(file_download.path_of(attached.number)), icon=":material/download:")
    words = f"Remove {plain(attached.name)} from this record? It can be brought back."
    if may and asking.button("Remove", words, "Remove file", f"file_remove_{attached.number}",
                             icon=":material/delete:", disabled=app.read_only):
        _do(app, filing.remove, attached, "is removed", ":material/delete:")


def _removed(app: App, attached: Attachment) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        when = time_zone.shown_time(attached.removed) if attached.removed else ""
        st.caption(plain(f"{attached.name} ({size_in_words(attached.size)}), removed by {attached.removed_by} {when}"),
                   width="stretch")
        if st.button("Bring back", key=f"file_restore_{attached.number}", type="tertiary", disabled=app.read_only):
            _do(app, filing.restore, attached, "is there again", ":material/restore_from_trash:")


def _do(app: App, deed: Callable[[Db, Who, str], Attachment], attached: Attachment, said: str, icon: str) -> None:
    try:
        deed(app.database, app.who, attached.number)
    except BackupError as error:
        boundary.explain(error)
        return
    st.toast(plain(f"{attached.name} {said}"), icon=icon)
    st.rerun()
