"""JSON that can mean one thing only, from files that anybody may have edited."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["MOST_MEMBERS", "loads"]

MOST_MEMBERS: Final = 100_000
"""Of one object. None of ours comes near it; a million of them in one file stayed in memory with the set, 150 MB."""


def loads(text: str) -> Any:
    """Parse; raises ``ValueError``, also for a key that appears twice, NaN, infinities, and what is nested too deeply
    or has more than ``MOST_MEMBERS`` keys in one object.

    RFC 8259 leaves the first to the reader and does not know NaN and infinities.
    """
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        raise ValueError("an object has too many keys")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key appears twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
