"""What a situation is, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scripts.situation_parts.ground import Ground

__all__ = ["FAILS", "NOT_HERE", "SAYS", "WORKS", "NotHere", "Outcome", "Situation", "well"]

WORKS: Final = "works"
SAYS: Final = "says what to do"
FAILS: Final = "fails"
NOT_HERE: Final = "not tried"


class NotHere(Exception):
    """This machine cannot be brought into the situation; the message says what it lacks."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: one of the words above, what was said, and seconds until then."""

    result: str
    message: str
    seconds: float


@dataclass(frozen=True)
class Situation:
    """One of them: its kind, its name in the table, what has to come of it, and what brings it about."""

    kind: str
    name: str
    wanted: str
    play: Callable[[Ground], Outcome]
    within: float = 120
    """Seconds that the outcome may take: 10 for a message of the diagnosis, as is promised."""


def well(line: dict[str, object]) -> bool:
    """Whether a line of the measured file is as it must be."""
    return line["result"] in (line["wanted"], NOT_HERE)
