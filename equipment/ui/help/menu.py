"""The menu itself, and the window that each of its entries opens."""

from __future__ import annotations

import streamlit as st

from equipment.server import about
from equipment.ui import asking, time_zone
from equipment.ui.context import App
from equipment.ui.help import documents, shortcuts
from equipment.ui.parts import copy_button

__all__ = ["draw", "told"]

KEYS, DOCUMENTS, ABOUT = "Keyboard shortcuts", "Documentation", "Version and diagnostics"
ICONS = {KEYS: ":material/keyboard:", DOCUMENTS: ":material/menu_book:", ABOUT: ":material/info:"}


def draw(app: App) -> None:
    """Draw the menu."""
    picked = st.menu_button("?", tuple(ICONS), key="help_menu", type="tertiary", help="Help",
                            format_func=lambda option: f"{ICONS[option]} {option}")
    if picked == KEYS:
        _shortcuts()
    elif picked == DOCUMENTS:
        _documents()
    elif picked == ABOUT:
        _about(app)


def told(app: App) -> str:
    """Give what *Copy diagnostics* copies: no secret, and no name of a person, host or folder. Options are told to
    administrators alone."""
    lines = [*about.lines(app.settings, app.database), f"Times are shown in {time_zone.called(time_zone.of_reader())}",
             f"Role: {app.account.role}"]
    if app.may("settings.edit"):
        lines += ["Options that are not as they come:", *(about.options(app.settings) or ["none"])]
    return "\n".join(lines)


@st.dialog(KEYS, width="medium")
def _shortcuts() -> None:
    shortcuts.show()
    asking.cancel("shortcuts", "Close")


@st.dialog(DOCUMENTS, width="large")
def _documents() -> None:
    documents.show()
    asking.cancel("documents", "Close")


@st.dialog(ABOUT, width="medium")
def _about(app: App) -> None:
    text = told(app)
    st.text(text)
    copy_button.draw("Copy diagnostics", text, "copy_diagnostics")
    st.caption("For whoever helps: no password, address, folder or name is in it.")
    asking.cancel("about", "Close")
