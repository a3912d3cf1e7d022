"""Moments by cron text: five fields, of minute, hour, day of month, month and day of week. Pure, but for the zones.

The rules are Debian's, as ``cronsim`` knows them, with ``L`` for the last day or weekday, ``LW`` and ``#``. When clocks
are changed, what has a fixed hour and minute runs once: of the hour that does not exist right after it, of the hour
that comes twice the first time. What begins with a star goes by the hours that pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from reprlib import repr as short

from cronsim import CronSim, CronSimError

from backup_engine.errors import BadInput
from backup_engine.policy.time_zones import check_zone, zone

__all__ = ["FIELDS", "Cron", "parse"]

FIELDS = ("minute", "hour", "day of month", "month", "day of week")
HINT = "Five fields: minute, hour, day of month, month, day of week. 30 2 * * * is every day at 02:30."
NEVER = "never comes"
LOOKS_BACK = (timedelta(hours=2), timedelta(days=1), timedelta(days=8), timedelta(days=62), timedelta(days=370),
              timedelta(days=366 * 9), timedelta(days=366 * 50))
"""How far back the last moment is sought, one after the other: of ``* * * * *`` 120 moments are made, of a leap day 2.
cronsim gives up after 50 years as well."""
TEST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
KNOWN = 256
"""Answers remembered: every page load asks, and they stay the same for a minute."""


@dataclass(frozen=True)
class Cron:
    """A cron text and the zone whose clock it goes by; empty: this machine's. ``parse`` makes it."""

    text: str
    zone: str = ""

    def after(self, now: datetime, count: int = 1) -> list[datetime]:
        """Give the next moments after ``now``, in the zone of the text; fewer where fewer come in 50 years."""
        return list(islice(_moments(self.text, self.zone, now), count))

    def before(self, now: datetime) -> datetime | None:
        """Give the last moment up to ``now``; None where there was none in 50 years."""
        minute = now.astimezone(UTC).replace(second=0, microsecond=0)
        return _last(self.text, self.zone, minute.astimezone(now.tzinfo))

    @property
    def words(self) -> str:
        """Say it: ``at 02:30 every day (Europe/Berlin)``."""
        said = CronSim(self.text, TEST_DAY).explain()
        return f"{said[:1].lower()}{said[1:]}" + (f" ({self.zone})" if self.zone else "")


def parse(text: object, zone_name: object = "") -> Cron:
    """Understand a cron text and the name of a zone.

    Raises ``BadInput`` naming the field that is wrong, for a text that never comes, and for an unknown zone.
    """
    name = check_zone(zone_name)
    if not isinstance(text, str):
        raise BadInput(f"A schedule must be cron text, not {short(text)}.", hint=HINT)
    fields = text.upper().split()
    if len(fields) != len(FIELDS):
        raise BadInput(f"{short(text)} has {len(fields)} fields; a schedule has five.", hint=HINT)
    try:
        first = next(CronSim(" ".join(fields), TEST_DAY), None)
    except CronSimError as problem:
        raise BadInput(_wrong(text, fields), hint=HINT) from problem
    if first is None:
        raise BadInput(f"{short(text)} {NEVER}: no year has such a day.", hint=HINT)
    return Cron(" ".join(fields), name)


def _wrong(text: str, fields: list[str]) -> str:
    for number, (field, called) in enumerate(zip(fields, FIELDS, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[number] = field
        try:
            CronSim(" ".join(alone), TEST_DAY)
        except CronSimError:
            if number != 2 or not _is_day(field):  # the 30th of February is a day, of another month
                return f"{short(text)}: {short(field)} is no {called}."
    return f"{short(text)} {NEVER}: no year has such a day."


def _is_day(field: str) -> bool:
    return field.isdigit() and 1 <= int(field) <= 31


def _moments(text: str, zone_name: str, now: datetime) -> Iterator[datetime]:
    """Each moment once, in order, none up to ``now``.

    cronsim goes by the clock on the wall where hour and minute are fixed: it gives two texts' moments of a missing hour
    as one moment twice, and, asked in the second pass of an hour that comes twice, one of the first.
    """
    last = now
    for moment in CronSim(text, now.astimezone(zone(zone_name, now))):
        if moment.astimezone(UTC) > last.astimezone(UTC):
            yield (last := moment)


@lru_cache(maxsize=KNOWN)
def _last(text: str, zone_name: str, now: datetime) -> datetime | None:
    # Forward, so that there is one rule for changes of the clock: backward cronsim knows no hour that comes twice.
    for back in LOOKS_BACK:
        last = None
        for moment in _moments(text, zone_name, now - back):
            if moment.astimezone(UTC) > now.astimezone(UTC):
                break
            last = moment
        if last is not None:
            return last
    return None
