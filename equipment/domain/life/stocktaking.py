"""Stocktaking of one place: what is there and was expected, what is missing, and what belongs elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from backup_engine.records.folding import fold

__all__ = ["LOCATION", "LONGEST_SCAN", "MOST_SEEN", "Result", "compared", "scanned"]

LOCATION: Final = "Location"
MOST_SEEN: Final = 10_000
"""Things of one place; what was seen stands in one document of at most 16 MB."""
LONGEST_SCAN: Final = 2_000
"""Characters of a code: an address with a long key is shorter."""


@dataclass(frozen=True)
class Result:
    """Keys of records: as expected, missing from their place, and here though the list says another place."""

    there: tuple[str, ...]
    missing: tuple[str, ...]
    misplaced: tuple[str, ...]


def compared(place: str, expected: Sequence[str], seen: Collection[str], places: Mapping[str, str]) -> Result:
    """Compare what the list expects in a place with what was seen; ``places`` says where the list has what was seen.

    A record that has gone from the list since it was seen is in none of the three.
    """
    found = set(seen)
    here = fold(place).strip()
    return Result(tuple(key for key in expected if key in found), tuple(key for key in expected if key not in found),
                  tuple(key for key in seen if key in places and fold(places[key]).strip() != here))


def scanned(code: str) -> tuple[str, str]:
    """Read what a scanner or a person gave: the key out of a label's address, or the words themselves as an ID.

    Gives both, one of them empty.
    """
    words = code.strip()[:LONGEST_SCAN]
    try:
        keys = parse_qs(urlsplit(words).query).get("id", [])
    except ValueError:  # half an IPv6 address, for one
        keys = []
    return (keys[0], "") if keys and ("?" in words) else ("", words)
