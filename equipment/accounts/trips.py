"""What a page leaves here while its person signs in at the identity provider once more: what was picked, ticked, typed.

That trip ends at another page, in which nothing of it would be there. It is kept in this process's memory, for the
session that left it and for ten minutes, and given out once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from equipment.store import moments

__all__ = ["Trip", "begin", "end", "under_way"]

LONGEST: Final = timedelta(minutes=10)
MOST: Final = 100
"""Sessions that are on their way at once; the one that left first is forgotten for the next."""


@dataclass(frozen=True)
class Trip:
    """When a page was left, at which address (its parameters), and what was filled in there by key."""

    begun: datetime
    address: Mapping[str, Any]
    left: Mapping[str, Any]


_trips: dict[str, Trip] = {}
_lock = threading.Lock()


def begin(session: str, address: Mapping[str, Any], left: Mapping[str, Any], *, now: datetime | None = None) -> None:
    """Keep what a page of that session leaves, in place of what an earlier one left."""
    now = now or moments.now()
    with _lock:
        _trips.pop(session, None)
        _drop_old(now)
        if len(_trips) >= MOST:
            del _trips[next(iter(_trips))]
        _trips[session] = Trip(now, dict(address), dict(left))


def under_way(session: str, *, now: datetime | None = None) -> Trip | None:
    """Give what that session has left and not yet taken back."""
    with _lock:
        _drop_old(now or moments.now())
        return _trips.get(session)


def end(session: str) -> None:
    """Forget it: it was taken back."""
    with _lock:
        _trips.pop(session, None)


def _drop_old(now: datetime) -> None:
    for session in [session for session, trip in _trips.items() if now - trip.begun >= LONGEST]:
        del _trips[session]
