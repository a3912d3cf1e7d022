"""What state a thing is in, as the column *Status* of its record says it.

The column is one like every other: it comes into being with the first record that has it, holds whatever is typed, and
its history is the record's. Words that are none of these are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backup_engine.records.folding import fold

__all__ = ["COLORS", "COLUMN", "RETIRED", "STATUSES", "color_of", "known"]

COLUMN: Final = "Status"
RETIRED: Final = "Retired"
COLORS: Final[Mapping[str, str]] = {
    "In use": "green", "Spare": "blue", "In repair": "orange", "Out for calibration": "violet", RETIRED: "gray",
    "Lost": "red",
}
"""The color of each, as Streamlit names them."""
STATUSES: Final = tuple(COLORS)
_BY_LOOK: Final = {fold(name): name for name in STATUSES}


def known(words: str) -> str | None:
    """Give the status that these words say, whatever their case and the blanks around them; None when it is none."""
    return _BY_LOOK.get(fold(words).strip())


def color_of(words: str) -> str:
    """Give the color of a status, gray for words of one's own."""
    return COLORS[name] if (name := known(words)) else "gray"
