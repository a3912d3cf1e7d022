"""While a long list is read into memory: how far that is, in place of the screens that need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from equipment.store.list import listing
from equipment.ui.context import App

__all__ = ["PATIENCE_SECONDS", "under_way"]

PATIENCE_SECONDS: Final = 0.5
"""A list of some thousand records is read within that, and no bar flashes up."""
POLL_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.1
"""At each poll: the first one comes right after the page has waited."""
MESSAGE_SECONDS: Final = 5.0
"""For so long the first records stand there without a word; 100,000 are read in 4.6 s."""


def under_way(app: App, meanwhile: Callable[[App], None] | None = None) -> bool:
    """Whether the list is still being read: then how far it is has been drawn, and the page follows by itself.

    ``meanwhile`` draws what can be shown without it, first alone.
    """
    if listing.ready(app.database, PATIENCE_SECONDS):
        return False
    _progress(app, meanwhile)
    return True


@st.fragment(run_every=POLL_SECONDS)
def _progress(app: App, meanwhile: Callable[[App], None] | None) -> None:
    if listing.ready(app.database, LOOK_SECONDS):
        st.rerun()
    if meanwhile is None or listing.waited(app.database) > MESSAGE_SECONDS:
        read, total = listing.read(app.database), app.database[listing.EQUIPMENT].estimated_document_count()
        share = min(read / total, 1.0) if total else 0.0
        st.progress(share, text=f"Reading the list: {read:,} of about {total:,} records")
        st.caption("A long list is read into memory after a start, a restore or a change of very many records. "
                   "The other tabs can be used meanwhile.")
    if meanwhile is not None:
        meanwhile(app)
