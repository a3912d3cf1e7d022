"""What is heard of Activity, and what of its words goes into a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from equipment.messages.entries import Heard, counts_in, hear, reason_in

FIRST = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
NOW = FIRST + timedelta(hours=1)


def entry(number: int, action: str, note: str = "", who: str = "ada", minutes: float = 10) -> dict[str, Any]:
    return {"_id": number, "action": action, "note": note, "who": who, "at": FIRST + timedelta(minutes=minutes)}


def details(*entries: dict[str, Any]) -> list[str]:
    return [each.detail for each in hear(Heard(), entries, FIRST, NOW)[1]]


@pytest.mark.parametrize(("action", "note", "words"), [
    ("backup.replace", "Restore completed successfully: 5,000 records in Equipment, 3 records in "
     "Equipment_select_options, as of backup 2026-11-27. Undo is available.",
     "By ada: 5,000 records in Equipment, 3 records in Equipment_select_options."),
    ("backup.merge", "Merge completed: 3 added, 2 changed, 4,995 unchanged; 1 that are only in the current list stay.",
     "By ada: 3 added, 2 changed, 4,995 unchanged."),
    ("backup.undo", "", "By ada."),
    ("backup.replace.failed", "Restore finished with problems; undo available: serial SECRET-1 is there twice",
     "By ada. Restore finished with problems; undo available."),
])
def test_restores_are_told_by_whom_and_with_counts_only(action: str, note: str, words: str) -> None:
    assert details(entry(1, action, note)) == [words]


def test_nothing_else_is_told_as_a_restore() -> None:
    assert details(entry(1, "backup.create"), entry(2, "backup.replace.failed", "Busy"), entry(3, "backup.pin"),
                   entry(4, "records.edit", "5 records in x")) == []


def test_names_are_one_line() -> None:
    assert details(entry(1, "backup.undo", who="ada\r\nBcc: eve@example.org")) == ["By ada Bcc: eve@example.org."]


def test_a_failure_lasts_until_the_next_success() -> None:
    heard, _ = hear(Heard(), [entry(1, "backup.auto.failed", "Not enough disk space: on /srv/secret")], FIRST, NOW)
    assert heard.failing == (("backup", "Not enough disk space. Activity has the rest."),)
    heard, _ = hear(heard, [entry(2, "backup.drill.failed", "x", minutes=11)], FIRST, NOW)
    assert heard.failing == (("backup", "Not enough disk space. Activity has the rest."),
                             ("drill", "Activity says why."))
    heard, _ = hear(heard, [entry(3, "backup.create", minutes=12), entry(4, "backup.drill", minutes=13)], FIRST, NOW)
    assert heard.failing == ()


@pytest.mark.parametrize("note", [
    "A backup is already running.", "A restore is running: since 10:00", "Cancelled.", "Key needed: for the set"])
def test_what_is_nobodys_fault_is_no_failure(note: str) -> None:
    assert hear(Heard(), [entry(1, "backup.create.failed", note)], FIRST, NOW)[0].failing == ()


def test_each_entry_counts_once_although_it_is_looked_at_again() -> None:
    late, early = entry(1, "backup.undo"), entry(2, "backup.undo", minutes=5)
    heard, news = hear(Heard(), [late], FIRST, NOW)
    assert (len(news), heard.position) == (1, late["at"])
    heard, news = hear(heard, [early, late], FIRST, NOW)  # of a host whose clock is behind
    assert (len(news), heard.position) == (1, late["at"])
    assert hear(heard, [early, late], FIRST, NOW)[1] == []


def test_what_was_before_the_first_look_does_not_count() -> None:
    assert details(entry(1, "backup.undo", minutes=-1)) == []


def test_an_entry_of_the_future_hides_nothing() -> None:
    heard, _ = hear(Heard(), [entry(1, "backup.undo", minutes=10_000)], FIRST, NOW)
    assert heard.position == NOW


@pytest.mark.parametrize(("note", "words"), [
    ("Database connection failed: db.example.org refused", "Database connection failed. Activity has the rest."),
    ("Restore stopped; current data unchanged: ID 12 'ohm meter'",
     "Restore stopped; current data unchanged. Activity has the rest."),
    ("Remote storage refused: 403 for KEY", "Remote storage refused. Activity has the rest."),
    ("row 5 holds 'secret value'", "Activity says why."), ("", "Activity says why."),
])
def test_only_the_fixed_words_of_an_error_are_told(note: str, words: str) -> None:
    assert reason_in(note) == words


def test_counts_and_nothing_beside_them() -> None:
    assert counts_in("12 ohm meters, 1,234 records in Equipment; 7 added; location 5 changed hands") == (
        "1,234 records in Equipment, 7 added, 5 changed")
