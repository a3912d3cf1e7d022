"""Edits against what was seen and what is stored now: unchanged, changed, in conflict."""

from __future__ import annotations

from equipment.domain.edits import chosen, field_edits, undecided
from equipment.domain.history import changes_of, difference, events
from equipment.domain.record import MISSING


def test_another_persons_change_of_another_field_is_no_conflict() -> None:
    edits = field_edits({"a": "1", "b": "1"}, {"a": "1", "b": "2"}, {"a": "9"})

    assert undecided(edits, {}) == []
    assert chosen(edits, {}) == {"a": "9"}


def test_the_same_field_changed_by_both_waits_for_a_decision() -> None:
    edits = field_edits({"a": 1}, {"a": 2}, {"a": "3"})

    assert undecided(edits, {}) == ["a"]
    assert chosen(edits, {}) == {}
    assert chosen(edits, {"a": "theirs"}) == {}
    assert chosen(edits, {"a": "mine"}) == {"a": 3}


def test_both_typing_the_same_is_no_conflict_and_no_change() -> None:
    edits = field_edits({"a": "1"}, {"a": "2"}, {"a": "2"})

    assert undecided(edits, {}) == []
    assert chosen(edits, {}) == {}


def test_structures_cannot_be_typed_over() -> None:
    [edit] = field_edits({"a": {"b": 1}}, {"a": {"b": 1}}, {"a": "x"})

    assert edit.problem
    assert chosen([edit], {}) == {}


def test_an_empty_text_for_a_field_that_is_not_there_changes_nothing() -> None:
    assert chosen(field_edits({}, {}, {"a": ""}), {}) == {}


def test_history_works_backwards_from_what_is_stored() -> None:
    newest = {"at": 3, "who": "B", "action": "records.edit", "note": "", "before": {"a": "2"}, "after": {"a": "3"}}
    older = {
        "at": 2,
        "who": "A",
        "action": "records.edit",
        "note": "",
        "before": {"a": "1", "b": "x"},
        "after": {"a": "2"},
    }
    first = {"at": 1, "who": "A", "action": "records.add", "note": "", "before": None, "after": {"a": "1", "b": "x"}}

    past = events({"a": "3"}, [newest, older, first])

    assert [event.record for event in past] == [{"a": "3"}, {"a": "2"}, {"a": "1", "b": "x"}]
    assert [event.created for event in past] == [False, False, True]
    assert difference({"a": "3"}, {"a": "1", "b": "x"}) == {"a": "1", "b": "x"}
    assert difference({"a": "3", "c": 1}, {"a": "3"}) == {"c": MISSING}
    assert [change.after for change in changes_of({"b": 1}, {})] == [MISSING]
