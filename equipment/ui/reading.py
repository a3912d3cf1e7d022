"""While a long list is read into memory: how far that is, in place of the screens that need it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from equipment.store.list import listing
from equipment.ui.context import App

__all__ = ["under_way"]

PATIENCE_SECONDS: Final = 0.5
"""A list of some thousand records is read within that, and no bar flashes up."""
POLL_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.1
"""At each poll: the first one comes right after the page has waited."""


def under_way(app: App) -> bool:
    """Whether the list is still being read: then how far it is has been drawn, and the page follows by itself."""
    if listing.ready(app.database, PATIENCE_SECONDS):
        return False
    _progress(app)
    return True


@st.fragment(run_every=POLL_SECONDS)
def _progress(app: App) -> None:
    if listing.ready(app.database, LOOK_SECONDS):
        st.rerun()
    read, total = listing.read(app.database), app.database[listing.EQUIPMENT].estimated_document_count()
    share = min(read / total, 1.0) if total else 0.0
    st.progress(share, text=f"Reading the list: {read:,} of about {total:,} records")
    st.caption("A long list is read into memory after a start, a restore or a change of very many records. "
               "The other tabs can be used meanwhile.")
