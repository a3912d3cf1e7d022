"""Where a program is in a list that it reads page by page: behind a record, not at a number that others move."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass

from backup_engine.errors import BadInput

__all__ = ["Cursor", "of_text", "written"]

LONGEST = 4_000
_HINT = "Use the value of next as it came, with the same filters."


@dataclass(frozen=True)
class Cursor:
    """Behind which record the next page begins, and at which place where that is gone."""

    key: str = ""
    place: int = 0


def written(cursor: Cursor, asked: Mapping[str, list[str]]) -> str:
    """Give the text of a cursor in the list that was asked for."""
    return urlsafe_b64encode(json.dumps([cursor.key, cursor.place, _mark(asked)]).encode()).decode().rstrip("=")


def of_text(text: str, asked: Mapping[str, list[str]]) -> Cursor:
    """Read a cursor; no text is the beginning. Raises ``BadInput`` for one that is none, or of other filters."""
    if not text:
        return Cursor()
    try:
        key, place, mark = json.loads(urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
    except (NotBase64, ValueError, TypeError, RecursionError) as error:
        raise BadInput("There is no such cursor.", hint=_HINT) from error
    if type(key) is not str or type(place) is not int or not 0 <= place < 2**31 or mark != _mark(asked):
        raise BadInput("The cursor belongs to another list.", hint=_HINT)
    return Cursor(key, place)


def _mark(asked: Mapping[str, list[str]]) -> str:
    return hashlib.sha256(json.dumps(sorted(asked.items())).encode()).hexdigest()[:16]
