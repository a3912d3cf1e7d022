"""The names, places and notes that people type about what happens to things: trimmed, and refused in words. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from backup_engine.errors import BadInput

__all__ = ["LONGEST_NOTE", "LONGEST_WORDS", "check_line", "check_note", "trimmed"]

LONGEST_WORDS: Final = 100
"""Characters of a name, a place, a number."""
LONGEST_NOTE: Final = 1_000


def trimmed(words: str) -> str:
    """Leave out spaces around, and all but one in between."""
    return " ".join(word for word in words.split(" ") if word)


def check_line(label: str, words: str) -> None:
    """Raise ``BadInput``, beginning with the label, for what is too long or more than one line of what can be seen."""
    if len(words) > LONGEST_WORDS:
        raise BadInput(f"{label}: at most {LONGEST_WORDS} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in words):
        raise BadInput(f"{label}: one line of ordinary characters.")


def check_note(note: str) -> None:
    """Raise ``BadInput`` for a note that is too long or holds what cannot be seen."""
    if len(note) > LONGEST_NOTE:
        raise BadInput(f"Note: at most {LONGEST_NOTE:,} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in note):
        raise BadInput("Note: ordinary characters only.")
