"""The documentation, read in the app: the files of the folder ``docs`` that came with the program."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import streamlit as st

from equipment.settings import ROOT, is_checkout

__all__ = ["folder", "pages", "readable", "show"]

FIRST: Final = ("operations", "import", "labels", "schedules", "security", "deployment")
"""Those that people look for come before the others."""
# What is never closed goes on to the end, and no bracket stands within brackets: each is looked at once.
_CODE: Final = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]++`)", re.DOTALL)
_NOT_SHOWN: Final = re.compile(r"<!--.*?(?:-->|\Z)|!\[[^\[\]]*+\]\([^()]*+\)", re.DOTALL)
_OWN_LINK: Final = re.compile(r"\[([^\[\]]++)\]\((?!https?://)[^()]*+\)")


def folder() -> Path:
    """Give where they lie: beside the code, or where pip put them."""
    return ROOT / "docs" if is_checkout() else Path(sys.prefix) / "share" / "equipment" / "docs"


def pages(where: Path) -> dict[str, Path]:
    """Give title → file."""
    files = sorted(where.glob("*.md"), key=lambda file: (_place(file), file.stem))
    return {_title(file): file for file in files}


def readable(text: str) -> str:
    """Give a file's text as Streamlit shows it: links to other files are words, prices no formulas."""
    parts = _CODE.split(_NOT_SHOWN.sub("", text))
    # Every second part is code, in which nothing is anything but itself.
    return "".join(part if place % 2 else _OWN_LINK.sub(r"\1", part).replace("$", r"\$")
                   for place, part in enumerate(parts))


def show() -> None:
    """Draw the choice and the page."""
    found = pages(folder())
    if not found:
        st.info("The documentation lies in the folder *docs* of the program's source and did not come with this copy.")
        return
    title = st.selectbox("Page", found)
    # The dialog scrolls: a box of its own with nothing in it to go to could not be scrolled with the keyboard.
    st.markdown(readable(found[title].read_text("utf-8").partition("\n")[2]))


def _place(file: Path) -> int:
    return FIRST.index(file.stem) if file.stem in FIRST else len(FIRST)


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return lines.readline().lstrip("# ").strip() or file.stem
