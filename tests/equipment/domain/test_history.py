"""A record's past, worked out backwards from its entries in Activity."""

from __future__ import annotations

from datetime import UTC, datetime

from equipment.domain.history import events


def test_a_loan_is_an_event_and_no_change_of_the_record() -> None:
    entry = {"at": datetime(2026, 11, 28, tzinfo=UTC), "who": "tom", "action": "loans.out", "target": "record:1",
             "before": None, "after": None, "note": "Ada has it since 2026-11-28, until further notice"}

    [event] = events({"ID": 1}, [entry])

    assert (event.what, event.note, event.changes, event.created) == ("Checked out", entry["note"], (), False)
    assert event.record == {"ID": 1}
