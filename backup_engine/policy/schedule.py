"""When something is to be done again: after an interval, or by cron text. One question for both. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from backup_engine.policy.cron import Cron
from backup_engine.policy.due import CLOCK_TOLERANCE, Due, ago, due

__all__ = ["Schedule"]

FAR = timedelta(days=365)


@dataclass(frozen=True)
class Schedule:
    """An interval in hours, or a cron text that decides in its place."""

    interval_hours: float = 1.0
    cron: Cron | None = None

    def due(self, last: datetime | None, now: datetime) -> Due:
        """Decide from the start of the last time and the present moment.

        By cron text it is due when one of its moments has passed since: several that were missed count once. A last
        time in the future means that the clock went back; one extra run puts things right.
        """
        if self.cron is None:
            return due(last, now, self.interval_hours)
        missed, coming = self.cron.before(now), self.cron.after(now)
        next_at = coming[0].astimezone(UTC) if coming else now.astimezone(UTC) + FAR
        if last is None:
            return Due(True, "There is no backup yet.", now.astimezone(UTC))
        age = now.astimezone(UTC) - last.astimezone(UTC)
        said = f"Last backup was {ago(age)} (schedule: {self.cron.words})"
        if age < -CLOCK_TOLERANCE:
            return Due(True, "The last backup is dated in the future: the clock went back.", now.astimezone(UTC))
        if missed is not None and last.astimezone(UTC) < missed.astimezone(UTC):
            return Due(True, said, now.astimezone(UTC))
        return Due(False, said, next_at)

    def counts(self, start: datetime, now: datetime) -> bool:
        """Whether a backup of that start says when the next one is due.

        By cron text not one dated in the future, which was made while the clock was ahead: what came before it tells
        whether a moment was missed. Else a clock that is put right three minutes before the moment would make one
        backup at once, and another one then. By interval the future one is what tells that the clock went back.
        """
        return self.cron is None or start.astimezone(UTC) <= now.astimezone(UTC) + CLOCK_TOLERANCE

    def coming(self, last: datetime | None, now: datetime, count: int = 5) -> list[datetime]:
        """Give the next times, the first of them ``now`` when it is due (UTC)."""
        answer = self.due(last, now)
        if self.cron is None:
            return [answer.next_at + number * timedelta(hours=self.interval_hours) for number in range(count)]
        later = [moment.astimezone(UTC) for moment in self.cron.after(now, count)]
        return ([answer.next_at] if answer.is_due else []) + later[:count - answer.is_due]

    def gap(self, now: datetime) -> timedelta:
        """Say how long it may be from one time to the next around ``now``: over a weekend longer than on a Tuesday."""
        if self.cron is None:
            return timedelta(hours=self.interval_hours)
        last = self.cron.before(now)
        earlier = self.cron.before(last - timedelta(minutes=1)) if last else None
        moments = [moment.astimezone(UTC) for moment in (earlier, last, *self.cron.after(now)) if moment is not None]
        return max((late - early for early, late in pairwise(moments)), default=FAR)

    @property
    def words(self) -> str:
        """Say it: ``every 6 hours``, ``at 02:30 every day (Europe/Berlin)``."""
        if self.cron is not None:
            return self.cron.words
        return "every hour" if self.interval_hours == 1 else f"every {self.interval_hours:g} hours"
