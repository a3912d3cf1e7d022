"""The clock of a day: turned by hand, for everything that asks what time it is."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from backup_engine.remotes import patient, queue
from backup_engine.scheduling import continuous
from equipment.store import moments

__all__ = ["ZONE", "Clock", "turned"]

ZONE = "Europe/Berlin"


class Clock:
    """``true`` is the time (UTC), which the database server's clock shows; this machine's may be ``ahead`` of it."""

    def __init__(self, start: datetime) -> None:
        self.start = self.true = start.astimezone(UTC)
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """What this machine shows, in its local time."""
        return (self.true + self.ahead).astimezone()

    def monotonic(self) -> float:
        """Seconds that have passed, whatever a clock shows."""
        return (self.true - self.start).total_seconds()


@contextmanager
def turned(clock: Clock) -> Iterator[None]:
    """Let all that runs in this process go by that clock, in the time zone of the day.

    Pauses of random length are those of one seed, so that a day is the same each time, and those of seconds are none.
    """
    zone = os.environ.get("TZ")
    with ExitStack() as patches:
        patches.callback(_local_time, zone)
        _local_time(ZONE)
        patches.enter_context(patch.object(moments, "now", lambda: clock().astimezone(UTC)))
        patches.enter_context(patch.object(continuous, "time", SimpleNamespace(monotonic=clock.monotonic)))
        patches.enter_context(patch.object(queue, "random", random.Random(0)))
        patches.enter_context(patch.object(patient, "FIRST_PAUSE", 0.0))
        yield


def _local_time(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()
