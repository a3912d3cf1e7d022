"""Calendars of backups, and what retention in tiers decides about them, as tables.

The tables lie in ``golden/``, one file a calendar, and are read by people: each change of the rules shows as a
difference of theirs. After a change that is meant, write them anew and read what became of them:

    .venv/bin/python -m tests.backup_engine.policy.golden_tables
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backup_engine.model import BackupSet
from backup_engine.policy.forecast import leaving, next_to_go
from backup_engine.policy.retention import Decision, decide, halted
from backup_engine.policy.tiers import Tiers
from tests.backup_engine.sets import make_set

FOLDER = Path(__file__).parent / "golden"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TURNS = {
    # zone: the moments (UTC) in 2026 at which its clocks go forward and back
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30", "2026-04-04T15:00"),
}
"""Lord Howe Island's clocks turn by half an hour."""


@dataclass(frozen=True)
class Calendar:
    """Sets, and the settings under which retention decides about them right after the newest one."""

    about: str
    sets: tuple[BackupSet, ...]
    tiers: Tiers
    keep_days: int = 7
    bad: frozenset[str] = field(default_factory=frozenset)
    now: datetime | None = None

    @property
    def moment(self) -> datetime:
        """When retention runs."""
        return self.now or max(backup.started for backup in self.sets)


def zoned(seq: int, moment: datetime, **facts: Any) -> BackupSet:
    """A set that was made where a clock shows this moment."""
    return make_set(seq, moment, metadata={"timezone": f"{moment.tzname()} {moment.strftime('%z')}"}, **facts)


def every(
    step: timedelta, start: datetime, number: int, zone: str = "UTC", first: int = 1, **facts: Any
) -> list[BackupSet]:
    """``number`` sets from a moment on, by the clock of a zone."""
    where = ZoneInfo(zone)
    return [zoned(first + n, (start.astimezone(UTC) + n * step).astimezone(where), **facts) for n in range(number)]


def _year(zone: str) -> Calendar:
    begin, end = (datetime(year, 1, 1, 0, 5, tzinfo=ZoneInfo(zone)).astimezone(UTC) for year in (2026, 2027))
    sets = every(HOUR, begin, round((end - begin) / HOUR), zone)
    return Calendar(f"A set every hour of 2026 in {zone}.", tuple(sets), Tiers(24, 14, 8, 12, 5), keep_days=2)


def _turns(zone: str) -> Calendar:
    """Two sets an hour around both turns, and one a week later, so that no set is kept for its age."""
    sets: list[BackupSet] = []
    for turn in sorted(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in TURNS[zone]):
        # half a year apart: numbers that are not neighbours say that sets between them are gone
        sets += every(HOUR / 2, turn - 4 * HOUR, 16, zone, first=6 * len(sets) + 1)
    sets += every(HOUR, sets[-1].started + 7 * DAY, 3, zone, first=201)
    return Calendar(f"A set every half-hour while the clocks of {zone} are set forward and back.", tuple(sets),
                    Tiers(hourly=24), keep_days=1)


def _gaps() -> Calendar:
    sets: list[BackupSet] = []
    for start, days in (("2026-01-03", 20), ("2026-02-14", 9), ("2026-03-20", 2), ("2026-04-15", 12)):
        begin = datetime.fromisoformat(start).replace(hour=9, tzinfo=UTC)
        sets += every(8 * HOUR, begin, 3 * days, first=len(sets) + 1)
    return Calendar("Three sets a day, with weeks in which the machine was off.", tuple(sets), Tiers(0, 14, 8, 12, 0))


def _damaged() -> Calendar:
    sets = every(6 * HOUR, datetime(2026, 5, 4, 1, tzinfo=UTC), 4 * 30, "Europe/Berlin")
    sets[11] = replace(sets[11], state="damaged", problem="a file is missing")
    sets[39] = replace(sets[39], state="damaged", problem="a file is missing")
    # what a verification found: the newest of a day and month, a whole day, and the newest set of all
    bad = {f"set-{seq}" for seq in (20, 45, 46, 47, 48, 109, 120)}
    return Calendar("Four sets a day, of which some are damaged on disk and some were found bad by a verification "
                    f"({', '.join(sorted(bad))}).", tuple(sets), Tiers(0, 30, 8, 12, 5), bad=frozenset(bad))


def _protected() -> Calendar:
    sets = every(12 * HOUR, datetime(2026, 1, 1, 6, tzinfo=UTC), 2 * 100)
    for at, facts in {
        3: {"pinned": True}, 21: {"trigger": "pre_restore"}, 60: {"trigger": "pre_restore"},
        61: {"trigger": "pre_restore", "kind": "differential", "base": "set-61"}, 80: {"state": "newer"},
        100: {"trigger": "imported"}, 101: {"trigger": "imported", "pinned": True}, 150: {"pinned": True},
    }.items():
        sets[at] = replace(sets[at], **facts)  # type: ignore[arg-type]
    old = zoned(0, datetime(2025, 12, 1, 8, tzinfo=UTC), state="legacy", backup_id="legacy")
    future = zoned(201, datetime(2031, 1, 1, tzinfo=UTC))
    after = every(12 * HOUR, sets[-1].started + 12 * HOUR, 4, first=202)
    return Calendar("Two sets a day, among them pinned ones, safety sets of restores, sets that were taken in, of the "
                    "original system, of a newer version, and one dated in the future.",
                    (old, *sets, future, *after), Tiers(0, 0, 4, 3, 2), now=after[-1].started)


def _differentials() -> Calendar:
    sets: list[BackupSet] = []
    for n, backup in enumerate(every(4 * HOUR, datetime(2026, 6, 1, 2, tzinfo=UTC), 6 * 42)):
        base = f"set-{n - n % 36 + 1}"  # a full set every six days, six differential ones a day over it
        sets.append(backup if n % 36 == 0 else replace(backup, kind="differential", base=base))
    return Calendar("A full set every six days, and differential ones every four hours.", tuple(sets),
                    Tiers(0, 10, 6, 3, 0), keep_days=2)


def _empty() -> Calendar:
    full = every(DAY, datetime(2026, 3, 1, 12, tzinfo=UTC), 10)
    empty = every(DAY, datetime(2026, 3, 11, 12, tzinfo=UTC), 60, first=11,
                  counts={"equipment": 0, "select_options": 0})
    return Calendar("Ten sets with records, then sixty without any: these count like others, and the newest with "
                    "records stays.", (*full, *empty), Tiers(0, 5, 4, 2, 0))


def _all_empty() -> Calendar:
    sets = every(DAY, datetime(2026, 3, 1, 12, tzinfo=UTC), 40, counts={"equipment": 0, "select_options": 0})
    return Calendar("Forty sets without any record.", tuple(sets), Tiers(0, 5, 4, 2, 0))


def _new_year() -> Calendar:
    sets = every(DAY, datetime(2026, 12, 14, 12, tzinfo=UTC), 42)
    return Calendar("A set a day over the turn of the year, where week 53 of 2026 ends on 3 January.", tuple(sets),
                    Tiers(0, 0, 6, 3, 2), keep_days=1)


def _decade() -> Calendar:
    sets = every(10 * DAY, datetime(2016, 1, 5, 12, tzinfo=UTC), 36 * 11)
    return Calendar("A set every ten days for eleven years.", tuple(sets), Tiers(0, 0, 0, 6, 5))


def _moved() -> Calendar:
    berlin = every(3 * HOUR, datetime(2026, 9, 1, tzinfo=UTC), 8 * 12, "Europe/Berlin")
    york = every(3 * HOUR, berlin[-1].started + 3 * HOUR, 8 * 12, "America/New_York", first=97)
    return Calendar("A machine that moves from Berlin to New York: days are those of the place where a set was made.",
                    (*berlin, *york), Tiers(0, 20, 0, 0, 0), keep_days=1)


def _clock_back() -> Calendar:
    before = every(12 * HOUR, datetime(2026, 4, 1, tzinfo=UTC), 40)
    wrong = every(12 * HOUR, datetime(2020, 1, 1, tzinfo=UTC), 4, first=41)
    after = every(12 * HOUR, before[-1].started + 60 * HOUR, 30, first=45)
    return Calendar("Four sets made while the clock stood at 2020.", (*before, *wrong, *after), Tiers(0, 10, 4, 0, 3))


def _minutes() -> Calendar:
    """Work from eight to six, a new chain at midnight, and the hourly sets of the schedule beside it."""
    sets: list[BackupSet] = []
    begin = datetime(2026, 11, 17, tzinfo=UTC)
    for minute in range(9 * 24 * 60 + 12 * 60):
        moment = begin + timedelta(minutes=minute)
        if minute % 60 == 0:
            sets.append(zoned(len(sets) + 1, moment))
        elif 8 <= moment.hour < 18:
            base = f"set-{next(backup.seq for backup in reversed(sets) if backup.kind == 'full')}"
            full = moment.hour == 8 and moment.minute == 1  # what a restore or a hole makes necessary
            sets.append(zoned(len(sets) + 1, moment + timedelta(seconds=20), trigger="continuous",
                              kind="full" if full else "differential", base=None if full else base))
    sets[-40] = replace(sets[-40], pinned=True)
    sets[-5000] = replace(sets[-5000], pinned=True)
    return Calendar("A set every minute from eight to six, over the full ones that the schedule makes every hour, and "
                    "one full set made continuously each morning.", tuple(sets), Tiers())


def _minutes_turn() -> Calendar:
    """The hour that comes twice is two; beyond 50 hours one of an hour is left, until its days are over."""
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    return Calendar("A set every half minute while the clocks of Berlin are set back, and three hours of them three "
                    "days later.", (*every(timedelta(seconds=30), start, 120, "Europe/Berlin", trigger="continuous"),
                                    *every(timedelta(seconds=30), start + 3 * DAY, 360, "Europe/Berlin", first=121,
                                           trigger="continuous")), Tiers(4), keep_days=1)


def _days_only() -> Calendar:
    return Calendar("Without tiers: the days alone, as ever.",
                    tuple(every(6 * HOUR, datetime(2026, 5, 4, 1, tzinfo=UTC), 4 * 12)), Tiers())


CALENDARS: dict[str, Callable[[], Calendar]] = {
    **{f"year-{zone.split('/')[1].lower()}": partial(_year, zone) for zone in TURNS},
    **{f"turns-{zone.split('/')[1].lower()}": partial(_turns, zone) for zone in TURNS},
    "gaps": _gaps, "damaged": _damaged, "protected": _protected, "differentials": _differentials,
    "emptied": _empty, "all-empty": _all_empty, "new-year": _new_year, "decade": _decade, "moved": _moved,
    "clock-back": _clock_back, "days-only": _days_only, "minutes": _minutes, "minutes-turn": _minutes_turn,
}


def table(calendar: Calendar) -> str:
    """Write what is decided; neighbours about which the same is said share a line."""
    decisions = decide(calendar.sets, calendar.moment, calendar.keep_days, tiers=calendar.tiers, bad=calendar.bad)
    moments = leaving(decisions, calendar.keep_days)
    kept = sum(decision.keep for decision in decisions)
    following = next_to_go(decisions, moments)
    head = [
        calendar.about,
        f"Kept: {calendar.keep_days} days; in tiers {calendar.tiers.words or 'nothing'}.",
        f"{len(decisions):,} sets: {kept:,} kept, {len(decisions) - kept:,} deleted.",
        f"Next to go: {f'{_name(following)} after {_shown(moments[following.place])}' if following else 'none'}.",
        f"Halted: {halted(calendar.sets, calendar.moment, bad=calendar.bad) or 'no'}.",
    ]
    rows = [("SETS", "FIRST", "LAST", "", "KEPT UNTIL", "REASON"), *_rows(decisions, moments)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join([*head, "", *lines, ""])


def _rows(decisions: list[Decision], moments: dict[str, datetime]) -> Iterator[tuple[str, ...]]:
    for (keep, reason), group in groupby(decisions, key=lambda decision: (decision.keep, decision.reason)):
        run = list(group)
        first, last = run[0].backup, run[-1].backup
        until = sorted({moments[decision.backup.place] for decision in run if decision.backup.place in moments})
        shown = " … ".join(_shown(moment) for moment in dict.fromkeys((until[0], until[-1]))) if until else ""
        names = _name(first) if first is last else f"{_name(first)} … {_name(last)}"
        yield (names, _shown(first.local), _shown(last.local) if first is not last else "",
               "keep" if keep else "delete", shown, reason)


def _name(backup: BackupSet) -> str:
    return backup.backup_id.removeprefix("set-") + ("d" if backup.kind == "differential" else "")


def _shown(moment: datetime) -> str:
    return moment.strftime("%a %Y-%m-%d %H:%M %z")


def main() -> None:
    """Write every table anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, calendar in CALENDARS.items():
        (FOLDER / f"{name}.txt").write_text(table(calendar()), "utf-8")
    for stray in {path.stem for path in FOLDER.glob("*.txt")} - CALENDARS.keys():
        (FOLDER / f"{stray}.txt").unlink()


if __name__ == "__main__":
    main()
