"""Loans: what may be agreed, which days it takes, and how it is said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backup_engine.errors import BadInput
from equipment.domain.life.loan import (
    LONGEST_DAYS,
    LONGEST_NOTE,
    LONGEST_WORDS,
    Holder,
    Loan,
    Terms,
    clean,
    days_of,
    due_in_words,
    in_words,
)

TODAY = date(2026, 11, 28)
ADA = Holder("Ada", "ada")


def terms(first: int = 0, last: int | None = 7, holder: Holder = ADA, place: str = "", note: str = "") -> Terms:
    day = TODAY + timedelta(days=first)
    return Terms(holder, day, None if last is None else TODAY + timedelta(days=last), place, note)


def test_what_is_typed_is_trimmed() -> None:
    cleaned = clean(terms(holder=Holder("  Ada   Lovelace ", "ada"), place=" Room  3 ", note=" with case\n"), TODAY)

    assert (cleaned.holder, cleaned.place, cleaned.note) == (Holder("Ada Lovelace", "ada"), "Room 3", "with case")


@pytest.mark.parametrize(("asked", "reserving", "words"), [
    (terms(holder=Holder(" ")), False, "Say who gets it"),
    (terms(holder=Holder("a\nb")), False, "Who: one line"),
    (terms(holder=Holder("x" * (LONGEST_WORDS + 1))), False, "at most 100"),
    (terms(holder=Holder("gpj.\u202eexe")), False, "Who: one line"),
    (terms(last=-1), False, "which is past"),
    (terms(first=3, last=2), True, "is before the first"),
    (terms(first=-1, last=2), True, "which is past"),
    (terms(last=None), True, "needs a last day"),
    (terms(last=LONGEST_DAYS), False, "At most 366 days"),
    (terms(place="x" * (LONGEST_WORDS + 1)), False, "Place: at most"),
    (terms(place="a\0b"), False, "Place: one line"),
    (terms(note="x" * (LONGEST_NOTE + 1)), False, "Note: at most"),
    (terms(note="\0"), False, "Note: ordinary"),
])
def test_what_cannot_be_agreed_says_why(asked: Terms, reserving: bool, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        clean(asked, TODAY, reserving=reserving)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(BadInput) as raised:
        clean(terms(last=-3, holder=Holder(""), place="x" * 101), TODAY)

    assert all(words in str(raised.value) for words in ("Say who", "which is past", "Place"))


def test_until_further_notice_takes_no_days_and_others_all_of_theirs() -> None:
    assert days_of(terms(last=None), TODAY) == []
    assert days_of(terms(first=-5, last=1), TODAY) == [TODAY, TODAY + timedelta(days=1)]
    assert len(days_of(terms(last=LONGEST_DAYS - 1), TODAY)) == LONGEST_DAYS


def test_it_is_overdue_the_day_after() -> None:
    loan = Loan("1", "k", "ID 5", terms(last=0), "out", "ben")

    assert not loan.is_overdue(TODAY) and loan.is_overdue(TODAY + timedelta(days=1))
    assert not Loan("1", "k", "ID 5", terms(last=0), "back", "ben").is_overdue(TODAY + timedelta(days=9))
    assert not Loan("1", "k", "ID 5", terms(last=None), "out", "ben").is_overdue(date.max)


@pytest.mark.parametrize(("days", "words"), [
    (None, "until further notice"), (0, "due today"), (1, "due in 1 day"), (14, "due in 14 days"),
    (-1, "1 day overdue"), (-379, "379 days overdue"),
])
def test_when_it_is_due_in_words(days: int | None, words: str) -> None:
    assert due_in_words(None if days is None else TODAY + timedelta(days=days), TODAY) == words


def test_who_has_it_in_words() -> None:
    out = Loan("1", "k", "ID 5", terms(), "out", "ben")
    reserved = Loan("1", "k", "ID 5", terms(first=2), "reserved", "ben")
    for_ever = Loan("1", "k", "ID 5", terms(last=None), "out", "ben")

    assert in_words(out) == "Ada has it since 2026-11-28, due back on 2026-12-05"
    assert in_words(reserved) == "reserved for Ada from 2026-11-30 to 2026-12-05"
    assert in_words(for_ever) == "Ada has it since 2026-11-28, until further notice"
