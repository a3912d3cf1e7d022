"""Retention in tiers: of each of the last hours, days, weeks, months and years the newest good set.

The rule is that of ``--keep-hourly`` … ``--keep-yearly`` in restic and borg. Where those two differ, or have a gap:

* A tier of N keeps the newest good set of each of the last N hours (days, …) that have one. An hour without a set does
  not count (both), so that a machine that was off for a month loses nothing.
* Each tier counts for itself, and one set may serve several (restic). In borg a set that one rule keeps does not count
  for the next, so that what a number means depends on the others.
* The calendar is that of the set: the local time of the machine that made it, as its metadata says (restic). borg takes
  the time zone of the machine that prunes, where two machines would keep different sets of one folder.
* A week begins on Monday and belongs to the year of its Thursday (ISO 8601; both).
* The hour that comes twice when clocks are set back is two hours. Both of them compare what the clock showed, and keep
  one set of the two.
* *Newest* is who comes later among the sets, not what a clock said. A set made while the clock was wrong stands for the
  stretch that it showed, and is one of the N.
* The oldest set of all is not kept for being the oldest while a tier is not full, as both do: it would go without a
  successor at the moment the tier is full.

What a tier keeps of some sets it keeps of any part of them that has those, and a set that has once lost its place never
gets one again while newer ones come. So pruning after each backup of a year keeps exactly what pruning once at its end
would keep, and pruning twice what pruning once keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from reprlib import repr as short

from backup_engine.errors import BadInput
from backup_engine.model import BackupSet

__all__ = ["NO_TIERS", "TIERS", "Slot", "Tier", "Tiers", "checked", "kept", "words"]


@dataclass(frozen=True)
class Tier:
    """One tier: the stretches of the calendar of which it keeps one set each."""

    name: str
    unit: str
    most: int
    """The largest number that may be asked for."""
    stretch: Callable[[datetime], Hashable]
    """Tells stretches apart, by a moment in local time."""
    begins: Callable[[datetime, int], datetime]
    """When the n-th stretch after that of a moment begins, in the offset of that moment."""

    def words(self, count: int) -> str:
        """Put a number of its stretches in words: ``1 week``, ``8 weeks``."""
        return f"{count:,} {self.unit}" if count == 1 else f"{count:,} {self.unit}s"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _hour(moment: datetime, more: int) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=more)


def _day(moment: datetime, more: int) -> datetime:
    return _midnight(moment) + timedelta(days=more)


def _week(moment: datetime, more: int) -> datetime:
    return _midnight(moment) + timedelta(days=7 * more - moment.weekday())


def _month(moment: datetime, more: int) -> datetime:
    years, month = divmod(moment.month - 1 + more, 12)
    return _midnight(moment).replace(year=moment.year + years, month=month + 1, day=1)


def _year(moment: datetime, more: int) -> datetime:
    return _midnight(moment).replace(year=moment.year + more, month=1, day=1)


# Bounds: a year of hours is as many sets as the folder lists in a second; the others are ten years, and a century.
TIERS = (
    Tier("hourly", "hour", 8_784, lambda local: (local.date(), local.hour, local.utcoffset()), _hour),
    Tier("daily", "day", 3_650, lambda local: local.date(), _day),
    Tier("weekly", "week", 520, lambda local: local.isocalendar()[:2], _week),
    Tier("monthly", "month", 120, lambda local: (local.year, local.month), _month),
    Tier("yearly", "year", 100, lambda local: local.year, _year),
)
"""Every tier, from the shortest stretch to the longest."""


@dataclass(frozen=True)
class Tiers:
    """How many hours, days, weeks, months and years have their newest good set kept; 0 keeps none for that."""

    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0

    def __bool__(self) -> bool:
        return any(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """The numbers by the name of their tier."""
        return asdict(self)

    @property
    def words(self) -> str:
        """Say it: ``24 hours, 8 weeks and 5 years``; empty without any."""
        return _listed([tier.words(count) for tier in TIERS if (count := self.counts[tier.name])])


NO_TIERS = Tiers()


@dataclass(frozen=True)
class Slot:
    """The place of a set in a tier: it stands for the ``number``-th stretch, counted from the newest, of so many."""

    tier: Tier
    number: int
    of: int


def checked(given: Mapping[str, object], called: str = "tiers") -> dict[str, int]:
    """Give the numbers by tier that were given, each one usable. Raises ``BadInput`` naming the tier and its bounds."""
    known = {tier.name: tier for tier in TIERS}
    if not isinstance(given, Mapping):
        raise BadInput(f"{called} must be numbers by {', '.join(known)}, not {type(given).__name__}.")
    for name, value in given.items():
        if name not in known:
            raise BadInput(f"{short(name)} is no tier of retention: use {', '.join(known)}.")
        tier = known[name]
        # A bool is an int to Python: True would be one week.
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= tier.most:
            raise BadInput(f"{name} must be a whole number of {tier.unit}s, 0 to {tier.most:,}, not {short(value)}.",
                           hint="0 switches the tier off. To keep a backup for ever, pin it.")
    return {name: int(given[name]) for name in known if name in given}  # type: ignore[call-overload]  # checked


def kept(good: Iterable[BackupSet], tiers: Tiers) -> dict[str, tuple[Slot, ...]]:
    """Say which of these good sets have a place in which tiers, by ``BackupSet.place``; the others have none."""
    slots: dict[str, tuple[Slot, ...]] = {}
    if not tiers:
        return slots
    newest_first = sorted(good, key=lambda backup: backup.rank, reverse=True)
    for tier in TIERS:
        wanted, seen = tiers.counts[tier.name], set[Hashable]()
        for backup in newest_first if wanted else ():
            stretch = tier.stretch(backup.local)
            if stretch in seen:
                continue
            seen.add(stretch)
            slots[backup.place] = (*slots.get(backup.place, ()), Slot(tier, len(seen), wanted))
            if len(seen) == wanted:
                break
    return slots


def words(slots: Iterable[Slot]) -> str:
    """Say why the tiers keep a set: ``the newest of its day (2 of 7) and month (1 of 12)``; empty if they do not."""
    each = [f"{slot.tier.unit} ({slot.number:,} of {slot.of:,})" for slot in slots]
    return f"the newest of its {_listed(each)}" if each else ""


def _listed(said: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))
