"""An event of a thing: what was done to it, when, by whom, with what result, and when it is due again. Pure.

An event is never changed: one that is wrong is struck out, with a reason, and another one written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, get_args

from backup_engine.errors import BadInput
from equipment.domain.faults import all_at_once
from equipment.domain.life.words import check_line, check_note, trimmed
from equipment.domain.values.fields import read_number

__all__ = ["KINDS", "LONGEST_COST", "RESULTS", "Done", "Event", "Kind", "Result", "clean", "clean_reason",
           "follows_record", "in_words", "is_kind"]

Kind = Literal["calibration", "maintenance", "repair", "inspection", "other"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Result = Literal["none", "passed", "adjusted", "failed"]
RESULTS: Final[dict[Result, str]] = {
    "none": "no result", "passed": "passed", "adjusted": "passed with adjustment", "failed": "failed"}
"""What people call them."""
LONGEST_COST: Final = 40


@dataclass(frozen=True)
class Done:
    """What was done, as somebody writes it down."""

    kind: Kind
    day: date
    by: str = ""
    """Who did it: a person, or a company."""
    result: Result = "none"
    cost: str = ""
    """A number and its currency as they were typed: ``120 EUR``."""
    certificate: str = ""
    """The number of the certificate."""
    note: str = ""
    next_due: date | None = None
    plan: str = ""
    """Number of the plan that asked for it; without one it counts for every plan of its kind."""
    file: str = ""
    """Number of the file of the thing that is the certificate."""


@dataclass(frozen=True)
class Event:
    """One event of one thing; ``number`` names it, ``thing`` is the record's key."""

    number: str
    thing: str
    name: str
    """The thing's name when it was written, for when its record is gone."""
    done: Done
    by: str
    """Who wrote it down."""
    at: datetime
    struck: datetime | None = None
    """When it was struck out; None while it counts."""
    struck_by: str = ""
    why: str = ""
    """Why it was struck out."""


def clean(done: Done, today: date) -> Done:
    """Give it without spaces around and doubled; raises one ``BadInput`` that names every fault."""
    tidy = replace(done, by=trimmed(done.by), cost=trimmed(done.cost), certificate=trimmed(done.certificate),
                   note=done.note.strip())
    all_at_once(lambda: _check_choices(tidy), lambda: _check_days(tidy, today), lambda: check_line("Who", tidy.by),
                lambda: _check_cost(tidy.cost), lambda: check_line("Certificate", tidy.certificate),
                lambda: check_note(tidy.note))
    return tidy


def clean_reason(why: str) -> str:
    """Give the reason for striking an event out. Raises ``BadInput`` when there is none, or it is no note."""
    reason = why.strip()
    if not reason:
        raise BadInput("Say why it is struck out.")
    check_note(reason)
    return reason


def follows_record(done: Done, last: date | None) -> bool:
    """Tell whether the dates of the record follow this event.

    They do for a calibration that did not fail and says when the next one is due, unless the record knows a later one
    (``last``): what is written down years after it was done changes no date.
    """
    return (done.kind == "calibration" and done.next_due is not None and done.result != "failed"
            and (last is None or last <= done.day))


def in_words(done: Done) -> str:
    """Say it in one line: ``Calibration on 2026-11-28 by Ada, passed, next due on 2027-11-28``."""
    parts = [f"{done.kind.capitalize()} on {done.day}{f' by {done.by}' if done.by else ''}"]
    parts += [RESULTS[done.result]] if done.result != "none" else []
    parts += [f"certificate {done.certificate}"] if done.certificate else []
    parts += [done.cost] if done.cost else []
    parts += [f"next due on {done.next_due}"] if done.next_due else []
    return ", ".join(parts)


def is_kind(value: object) -> bool:
    """Tell whether *value* names a kind of event."""
    return value in KINDS


def _check_choices(done: Done) -> None:
    if not is_kind(done.kind):
        raise BadInput("Say what was done.", hint=f"Choose {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    if done.result not in RESULTS:
        raise BadInput("Such a result there is not.", hint=f"Choose {', '.join(RESULTS.values())}.")


def _check_days(done: Done, today: date) -> None:
    if done.day > today:
        raise BadInput(f"Done on {done.day}, which is to come.", hint="Choose today or an earlier day.")
    if done.next_due is not None and done.next_due <= done.day:
        raise BadInput(f"Next due on {done.next_due}, which is not after the day it was done, {done.day}.")


def _check_cost(cost: str) -> None:
    if len(cost) > LONGEST_COST:
        raise BadInput(f"Cost: at most {LONGEST_COST} characters.")
    check_line("Cost", cost)
    number = read_number(cost) if cost else 0.0
    if number is None or number < 0:
        raise BadInput("Cost: a number, and a currency beside it.", hint="Type it as 120 EUR.")
