"""Choosing one of a record's files, as the certificate of an event."""

from __future__ import annotations

import streamlit as st

from equipment.domain.life.attachment import Attachment
from equipment.store.life import attachments
from equipment.store.list.records import Entry
from equipment.ui.context import App

__all__ = ["ask"]


def ask(app: App, entry: Entry) -> str:
    """Draw the choice and give the number of the file; empty for none, and nothing is drawn where there are none."""
    found = attachments.of_thing(app.database, entry.key)
    if not found:
        return ""
    every: list[Attachment | None] = [None, *found]
    chosen = st.selectbox("Certificate", every, key="event_file", format_func=_called)
    return chosen.number if chosen else ""


def _called(attached: Attachment | None) -> str:
    return attached.name if attached else "None"  # options are shown as they are
