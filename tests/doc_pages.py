"""What the pages of the documentation say: their tables, the code in their text, the blocks that are generated."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    """Text of a page, by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def prose(text: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def code(text: str) -> list[str]:
    """What stands between backticks in a text without fenced blocks; an escaped bar of a table is a bar."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", text)]


def rows(text: str, first: str) -> list[list[str]]:
    """Cells of every row, in all tables whose first header cell is ``first``; empty when there is no such table."""
    cells: list[list[str]] = []
    for table in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.M):
        header, _, *body = [_cells(line) for line in table.splitlines()]
        if header[0] == first:
            cells += body
    return cells


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def block(text: str, name: str) -> str:
    """What stands between ``<!-- name -->`` and ``<!-- /name -->``; raises ``ValueError`` where they are missing."""
    between = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.S)
    if between is None:
        raise ValueError(f"there is no block {name!r}")
    return between[1]


def filled(text: str, name: str, content: str) -> str:
    """The page with another content in a block."""
    marked = f"<!-- {name} -->\n{content}\n<!-- /{name} -->"
    return re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _: marked, text, flags=re.S)


def difference(real: Iterable[Hashable], documented: Iterable[Hashable]) -> list[str]:
    """What is there and not documented, and what is documented and not there; in words, so that a failure says it."""
    there, said = set(real), set(documented)
    return sorted([*(f"not documented: {name}" for name in there - said),
                   *(f"documented, but not there: {name}" for name in said - there)])
