"""A repeating plan: what is to be done to a thing, or to every thing of a category, again and again. Pure.

When it is due follows from what was done: so long after the last event that counts for the plan, or on the day that
event names itself; where nothing was done yet, on the day on which the plan begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from backup_engine.errors import BadInput
from backup_engine.records.folding import fold
from equipment.domain.calibration import after_months
from equipment.domain.counting import number_of
from equipment.domain.faults import all_at_once
from equipment.domain.life.event import Kind, is_kind
from equipment.domain.life.words import check_line, trimmed

__all__ = ["LAST_YEAR", "MOST", "UNITS", "Last", "Plan", "Rhythm", "Unit", "clean", "due", "in_words", "next_day"]

Unit = Literal["months", "days"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
MOST: Final[Mapping[Unit, int]] = {"months": 240, "days": 7_300}
"""Twenty years."""
LAST_YEAR: Final = 9_000
"""Of the days on which plans begin and things are done: the day after the longest interval must be one, too."""


@dataclass(frozen=True)
class Rhythm:
    """What is done how often, to what. Either ``thing`` (a record's key) or ``category`` says to what."""

    kind: Kind
    every: int
    unit: Unit
    start: date
    """The day on which it is due first, where nothing was done yet."""
    what: str = ""
    """In a few words what is to be done: ``Change the filter``."""
    thing: str = ""
    category: str = ""


@dataclass(frozen=True)
class Plan:
    """One plan; ``number`` names it."""

    number: str
    rhythm: Rhythm
    name: str
    """The thing's name when the plan was made; empty for a category."""
    by: str
    at: datetime
    ended: datetime | None = None
    """When it was ended; None while it goes on."""
    ended_by: str = ""

    @property
    def title(self) -> str:
        """What is to be done, for people: its words, or its kind."""
        return self.rhythm.what or self.rhythm.kind.capitalize()

    def is_for(self, thing: str, category: str) -> bool:
        """Tell whether it is for a thing that has this category, which counts however it is spelt."""
        if self.rhythm.thing:
            return self.rhythm.thing == thing
        return fold(category.strip()) == fold(self.rhythm.category)


@dataclass(frozen=True)
class Last:
    """The last event of a thing that is of some kind, and was written for some plan or for none."""

    thing: str
    kind: Kind
    plan: str
    day: date
    next_due: date | None = None


def clean(rhythm: Rhythm) -> Rhythm:
    """Give it without spaces around and doubled; raises one ``BadInput`` that names every fault."""
    tidy = replace(rhythm, what=trimmed(rhythm.what), category=rhythm.category.strip())
    all_at_once(lambda: _check_kind(tidy), lambda: _check_interval(tidy), lambda: _check_place(tidy),
                lambda: check_line("What", tidy.what), lambda: check_line("Category", tidy.category))
    return tidy


def next_day(rhythm: Rhythm, day: date) -> date:
    """Give the day so much later; of a month that is shorter its last day."""
    if rhythm.unit == "months":
        return after_months(day, rhythm.every)
    return day + timedelta(days=rhythm.every)


def due(plan: Plan, lasts: Iterable[Last]) -> tuple[date, date | None]:
    """Give the day on which the plan is due for a thing, and when it was done last; ``lasts`` are that thing's."""
    counting = [last for last in lasts if last.kind == plan.rhythm.kind and last.plan in ("", plan.number)]
    if not counting:
        return plan.rhythm.start, None
    last = max(counting, key=lambda each: (each.day, each.plan))
    return last.next_due or next_day(plan.rhythm, last.day), last.day


def in_words(plan: Plan) -> str:
    """Say it in one line: ``Change the filter (maintenance) every 6 months, of everything in Pumps``."""
    rhythm = plan.rhythm
    kind = f" ({rhythm.kind})" if rhythm.what else ""
    unit = rhythm.unit[:-1]
    how_often = unit if rhythm.every == 1 else number_of(rhythm.every, unit)
    return f"{plan.title}{kind} every {how_often}, of {plan.name or f'everything in {rhythm.category}'}"


def _check_kind(rhythm: Rhythm) -> None:
    if not is_kind(rhythm.kind):
        raise BadInput("Say what is to be done.")


def _check_interval(rhythm: Rhythm) -> None:
    if rhythm.unit not in UNITS:
        raise BadInput("An interval is of months or of days.")
    if not 1 <= rhythm.every <= MOST[rhythm.unit]:
        raise BadInput(f"Every 1 to {MOST[rhythm.unit]:,} {rhythm.unit}.")
    if rhythm.start.year > LAST_YEAR:
        raise BadInput(f"First due on {rhythm.start}, which is too far away.")


def _check_place(rhythm: Rhythm) -> None:
    if bool(rhythm.thing) == bool(rhythm.category):
        raise BadInput("Say for what: one thing, or a category.")
