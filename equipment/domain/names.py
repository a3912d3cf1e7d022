"""What a person may be called: one line of ordinary characters, and one key for all spellings of it."""

from __future__ import annotations

import unicodedata

from backup_engine.errors import BadInput

LONGEST_NAME = 64
_ALSO_ALLOWED = frozenset(" .-_@+'")


def clean_name(text: str) -> str:
    """Give *text* as an account's name.

    Raises ``BadInput`` unless it is 1 to 64 letters, digits, spaces and ``. - _ @ + '``, a letter or digit first.
    """
    name = _one_line(text)
    if not name:
        raise BadInput("A name is needed.")
    if len(name) > LONGEST_NAME:
        raise BadInput(f"A name may have {LONGEST_NAME} characters.")
    if not name[0].isalnum() or not all(_ordinary(character) for character in name):
        raise BadInput("A name may hold letters, digits, spaces and . - _ @ + ' and begins with a letter or a digit.")
    return name


def name_key(text: str) -> str:
    """Give what all spellings of a name have in common; never raises, so that it can look anything up."""
    return _one_line(text).casefold().encode("utf-8", "replace").decode()


def _one_line(text: str) -> str:
    # Cut first, as anything may be typed there. Split at the space alone: a tab or line end must stay and be refused.
    return " ".join(word for word in unicodedata.normalize("NFKC", text[: 20 * LONGEST_NAME]).split(" ") if word)


def _ordinary(character: str) -> bool:
    return character.isalnum() or character in _ALSO_ALLOWED or unicodedata.category(character) in ("Mn", "Mc")
