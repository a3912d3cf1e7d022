"""Who asks the backups for something: a name, what the role allows, and the keys that were given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backup_engine.api import Keys
from equipment.store.access import SYSTEM, Who

__all__ = ["NOBODY", "NO_KEYS", "Caller"]

NO_KEYS = Keys()


@dataclass(frozen=True)
class Caller:
    """Who asks: a name for the activity log, and a check that raises ``AdminOnly`` when the role does not allow."""

    name: str
    check: Callable[[str], object]
    who: Who = SYSTEM
    own_app: bool = False
    """Whether this is our own app, whose cookie the download route knows."""
    keys: Keys = NO_KEYS
    """What this visitor gave to open encrypted backups with."""


NOBODY = Caller("system", lambda action: None)
"""The scheduler, which nobody has asked."""
