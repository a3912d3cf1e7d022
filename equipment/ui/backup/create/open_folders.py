"""Which of the folders that hold the list other users of this machine may read; they stay as somebody wanted them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from backup_engine.machine import openness
from equipment.settings import get_settings
from equipment.ui.plain import plain

__all__ = ["show"]


def show() -> None:
    """Draw a warning for each of them."""
    settings = get_settings()
    for what, folder in (("backup", settings.backup_folder), ("data", settings.data_folder)):
        if found := openness.look(Path(folder)):
            st.warning(f"Other users of this machine may read {plain(found)} in the {what} folder. To end that, on the "
                       f"server: {plain(found.hint)}", icon=":material/visibility:")
