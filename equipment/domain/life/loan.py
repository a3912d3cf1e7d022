"""A loan: who has a thing, since when and until when; or who has reserved it, and for which days.

A loan without a last day is until further notice. Days are whole days, both ends included, as people say them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from backup_engine.errors import BadInput
from equipment.domain.counting import due_in
from equipment.domain.faults import all_at_once
from equipment.domain.life.words import LONGEST_NOTE, LONGEST_WORDS, check_line, check_note, trimmed

__all__ = ["LONGEST_DAYS", "LONGEST_NOTE", "LONGEST_WORDS", "Holder", "Loan", "State", "Terms", "clean", "days_of",
           "due_in_words", "in_words"]

State = Literal["reserved", "out", "back", "cancelled"]

LONGEST_DAYS: Final = 366
"""Days of one span. Each of them is a key of an index (see ``store.life.loans``); longer is *until further notice*."""


@dataclass(frozen=True)
class Holder:
    """Who has a thing: an account by its key, or somebody who has none by name alone."""

    name: str
    account: str = ""


@dataclass(frozen=True)
class Terms:
    """What is agreed when a thing goes out or is reserved."""

    holder: Holder
    first: date
    last: date | None = None
    """The day it is due back; None until further notice."""
    place: str = ""
    note: str = ""


@dataclass(frozen=True)
class Loan:
    """One loan or reservation of one thing; ``number`` names it, ``thing`` is the record's key."""

    number: str
    thing: str
    name: str
    """The thing's name when it was given, for when its record is gone."""
    terms: Terms
    state: State
    by: str
    """Who wrote it down."""
    given: datetime | None = None
    """When it went out; None for a reservation that was never fetched."""
    ended: datetime | None = None
    ended_by: str = ""
    end_note: str = ""

    def is_overdue(self, today: date) -> bool:
        """Tell whether it should be back by now. It is due on its last day, and overdue the day after."""
        return self.state == "out" and self.terms.last is not None and self.terms.last < today


def clean(terms: Terms, today: date, *, reserving: bool = False) -> Terms:
    """Give *terms* without spaces around and doubled; raises one ``BadInput`` that names every fault.

    A reservation needs a last day: one without would keep everybody else away for good.
    """
    tidy = replace(terms, holder=replace(terms.holder, name=trimmed(terms.holder.name)),
                   place=trimmed(terms.place), note=terms.note.strip())
    all_at_once(lambda: _check_holder(tidy.holder.name), lambda: _check_days(tidy, today, reserving),
                lambda: check_line("Place", tidy.place), lambda: check_note(tidy.note))
    return tidy


def days_of(terms: Terms, today: date) -> list[date]:
    """Give the days, from today on, that are taken by this; none where it is until further notice."""
    if terms.last is None:
        return []
    begin = max(terms.first, today)
    return [begin + timedelta(days=number) for number in range((terms.last - begin).days + 1)]


def due_in_words(last: date | None, today: date) -> str:
    """Say when it is due back: ``until further notice``, ``due today``, ``due in 3 days``, ``2 days overdue``."""
    return "until further notice" if last is None else due_in(last, today)


def in_words(loan: Loan) -> str:
    """Say who has it or has reserved it, and for which days."""
    terms = loan.terms
    if loan.state == "reserved":
        return f"reserved for {terms.holder.name} from {terms.first} to {terms.last}"
    until = f", due back on {terms.last}" if terms.last else ", until further notice"
    return f"{terms.holder.name} has it since {terms.first}{until}"


def _check_holder(name: str) -> None:
    if not name:
        raise BadInput("Say who gets it.", hint="Choose an account, or type a name.")
    check_line("Who", name)


def _check_days(terms: Terms, today: date, reserving: bool) -> None:
    first, last = terms.first, terms.last
    if last is None:
        if reserving:
            raise BadInput("A reservation needs a last day.")
        return
    if last < today:
        raise BadInput(f"Due back on {last}, which is past.", hint="Choose today or a later day.")
    if last < first:
        raise BadInput(f"The last day, {last}, is before the first, {first}.")
    if first < today and reserving:
        raise BadInput(f"Reserved from {first}, which is past.", hint="Choose today or a later day.")
    if (last - first).days >= LONGEST_DAYS:
        raise BadInput(f"At most {LONGEST_DAYS} days.",
                       hint="" if reserving else "Leave the day empty: it is then until further notice.")
