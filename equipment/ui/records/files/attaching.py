"""The dialog that attaches files: chosen or dropped, and on a telephone taken with its camera."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.life.attachment import Limits
from equipment.domain.life.words import LONGEST_NOTE
from equipment.domain.record import name_of
from equipment.store.life import filing
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records.loans import outcome

__all__ = ["dialog"]


@dataclass(frozen=True)
class Became:
    """What became of one of the files: ``why`` it is not attached, if it is not."""

    name: str
    why: str = ""


@st.dialog("Attach files", icon=":material/attach_file:", on_dismiss=outcome.forget)
def dialog(app: App, entry: Entry) -> None:
    """Attach files to a record, each by itself: one that cannot be says why."""
    with boundary.guard("Attach files"):
        outcome.left_open()
        st.markdown(f"**{plain(name_of(entry.record))}**")
        given = st.file_uploader("Photos, certificates, manuals", accept_multiple_files=True, key="file_given",
                                 max_upload_size=app.settings.file_mb, help="A telephone offers its camera.")
        note = st.text_input("Note", key="file_note", max_chars=LONGEST_NOTE)
        place, sure, cancelled = outcome.buttons("Attach", "attach_file", "file_attach", disabled=not given)
        if sure:
            limits, became = Limits(*app.settings.file_limits), []
            for each in given:
                try:
                    done = filing.attach(app.database, app.who, entry, each.name, each, limits, note=note)
                    became.append(Became(done.name))
                except BackupError as error:
                    became.append(Became(each.name, f"{error.message} {error.hint}".strip()))
            outcome.finish(became, "Attached", place, what_each="file")
        elif cancelled:
            outcome.leave()
