"""The one rule of merging, over records and over rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId

from backup_engine.records import raw
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.planner import Pick, Planned, combine, field_changes, plan_pairs
from backup_engine.records.table_plan import plan_rows
from backup_engine.records.text import same_text


def encoded(**fields: Any) -> bytes:
    return bson.encode(fields)


def after(planned: Planned) -> dict[str, Any]:
    assert planned.change is not None and planned.change.after is not None
    return bson.decode(planned.change.after)


def test_the_backup_goes_over_live_and_live_keeps_its_other_fields_and_order() -> None:
    planned = combine(encoded(_id=1, a="old", new=1, b=2), encoded(_id=1, x="live", b=2, a="now"), "1")

    assert planned.action == "update"
    assert list(after(planned).items()) == [("_id", 1), ("x", "live"), ("b", 2), ("a", "old"), ("new", 1)]
    assert [change.name for change in planned.fields] == [b"a", b"new"]
    assert planned.change is not None
    assert planned.change.before == encoded(_id=1, x="live", b=2, a="now")


def test_merging_the_result_again_changes_nothing() -> None:
    backup = encoded(_id=1, a=5.0, n=None, z={"b": 1})
    first = combine(backup, encoded(_id=1, z={"b": 1.0}, a=5), "1")

    assert first.change is not None and first.change.after is not None
    assert combine(backup, first.change.after, "1").action == "unchanged"


def test_another_order_alone_is_no_change() -> None:
    assert combine(encoded(_id=1, a=1, b=2), encoded(_id=1, b=2, a=1, c=3), "1").action == "unchanged"


def test_pairs_become_actions() -> None:
    pairs = [(encoded(_id=1), None), (encoded(_id=2), encoded(_id=2)), (None, encoded(_id=3)),
             (encoded(_id=4, a=1), encoded(_id=4, a=2))]

    assert [planned.action for planned in plan_pairs(pairs)] == ["insert", "unchanged", "only_live", "update"]


@pytest.mark.parametrize(("pick", "action", "result"), [
    (Pick(records={"1": None}), "update", {"_id": 1, "a": "old", "b": "old"}),
    (Pick(records={"2": None}), "skipped", None),
    (Pick(fields=frozenset({"b"})), "update", {"_id": 1, "a": "now", "b": "old"}),
    (Pick(records={"1": frozenset({"a"})}), "update", {"_id": 1, "a": "old", "b": "now"}),
    (Pick(records={"1": frozenset({"a"})}, fields=frozenset({"b"})), "unchanged", None),
])
def test_only_what_was_picked(pick: Pick, action: str, result: dict[str, Any] | None) -> None:
    planned = combine(encoded(_id=1, a="old", b="old"), encoded(_id=1, a="now", b="now"), "1", pick=pick)

    assert planned.action == action
    assert (after(planned) if planned.change else None) == result


def test_picked_fields_bring_no_record_back() -> None:
    assert combine(encoded(_id=1, a=1), None, "1", pick=Pick(fields=frozenset({"a"}))).action == "skipped"
    assert combine(encoded(_id=1, a=1), None, "1", pick=Pick(records={"1": None})).action == "insert"


def test_a_record_that_names_a_field_twice_is_taken_whole() -> None:
    twice = raw.build([(b"_id", raw.element_of(1)), (b"a", raw.element_of(1)), (b"a", raw.element_of(2))])

    planned = combine(twice, encoded(_id=1, a=1, b=2), "1")

    assert planned.change is not None and planned.change.after == twice
    assert combine(twice, encoded(_id=1, a=1), "1", pick=Pick(fields=frozenset({"a"}))).action == "skipped"


def test_field_changes_of_two_records() -> None:
    changes = field_changes(encoded(_id=1, a=1, gone=2), encoded(_id=1, a=1.0, new=3))

    assert [(c.name, c.before is None, c.after is None) for c in changes] == [
        (b"a", False, False), (b"gone", False, True), (b"new", True, False)]


@pytest.mark.parametrize(("text", "live"), [
    ("5", 5), ("5.0", 5), ("5", 5.0), ("5", Int64(5)), ("0.1", 0.1), ("True", True), ("true", True),
    ("2013-08-06", datetime(2013, 8, 6)), ("2013-08-06 00:00:00", datetime(2013, 8, 6)), ("1.50", Decimal128("1.50")),
    ("", None), ("", ""), ("", float("nan")), ("['a', 1]", ["a", 1]), ("{'a': 1}", {"a": 1}), ("a\r\nb", "a\nb"),
    ("64b000000000000000000001", ObjectId("64b000000000000000000001")), ("007", "007"),
])
def test_text_that_means_the_stored_value(text: str, live: Any) -> None:
    assert same_text(raw.element_of(text), raw.element_of(live))


@pytest.mark.parametrize(("text", "live"), [
    ("007", 7), ("7", "007"), ("1e5", "100000"), ("", 0), ("", False), ("0", None), ("3,000", 3000), ("a\rb", "a\nb"),
])
def test_text_that_means_something_else(text: str, live: Any) -> None:
    assert not same_text(raw.element_of(text), raw.element_of(live))


def test_a_missing_field_is_an_empty_cell() -> None:
    assert same_text(raw.element_of(""), None)
    assert not same_text(raw.element_of("x"), None)


class TestRows:
    live = bson.encode({"_id": 1, "Serial": "A", "n": 5, "Location": "Lab"}) + bson.encode(
        {"_id": 2, "Serial": "B", "n": 6, "note": "kept"}) + bson.encode({"_id": 3, "Serial": "D"}) + bson.encode(
        {"_id": 4, "Serial": "D"})
    profile = LiveProfile.over([{"n": 5, "Serial": "A"}, {"n": 6, "Serial": "B"}])

    def plan(self, *rows: dict[str, str], identity: Sequence[str] = ("Serial",), **options: Any) -> list[Planned]:
        return list(plan_rows(rows, [self.live], identity, profile=lambda: self.profile, **options))

    def test_update_insert_and_unchanged_in_the_order_of_the_rows(self) -> None:
        plan = self.plan({"Serial": "N", "n": "9"}, {"Serial": "A", "n": "5"}, {"Serial": "B", "n": "7"})

        assert [(planned.row, planned.action) for planned in plan] == [(1, "insert"), (2, "unchanged"), (3, "update")]
        assert after(plan[0])["n"] == 9
        assert after(plan[2]) == {"_id": 2, "Serial": "B", "n": 7, "note": "kept"}

    def test_a_value_keeps_its_type_or_becomes_the_text_it_is(self) -> None:
        plan = self.plan({"Serial": "A", "n": "seven", "Location": "007", "extra": "12"})

        assert after(plan[0]) == {"_id": 1, "Serial": "A", "n": "seven", "Location": "007", "extra": "12"}

    def test_a_value_where_the_record_has_none_takes_the_type_of_records_that_come_later(self) -> None:
        live = b"".join(map(bson.encode, ({"_id": 1, "Serial": "A"}, {"_id": 2, "Serial": "B", "n": 6})))
        rows = [{"Serial": "A", "n": "5"}, {"Serial": "B", "n": "6"}]

        first, second = plan_rows(rows, [live], ("Serial",))

        assert after(first) == {"_id": 1, "Serial": "A", "n": 5}
        assert second.action == "unchanged"

    def test_what_the_records_are_like_is_only_asked_for_when_it_is_wanted_before_they_come_by(self) -> None:
        asked: list[int] = []

        def profile() -> LiveProfile:
            asked.append(1)
            return self.profile

        list(plan_rows([{"Serial": "A", "n": "7"}], [self.live], ("Serial",), profile=profile))
        assert not asked
        list(plan_rows([{"Serial": "", "n": "7"}], [self.live], ("Serial",), profile=profile))
        assert asked

    def test_doubles_are_conflicts_and_touch_nothing(self) -> None:
        plan = self.plan({"Serial": "A", "n": "1"}, {"Serial": "A", "n": "2"}, {"Serial": "D"})

        assert [planned.action for planned in plan] == ["conflict"] * 3
        assert [planned.why for planned in plan] == [
            "row 2 has the same Serial", "row 1 has the same Serial", "2 records have this Serial"]

    def test_empty_cells_empty_a_field_or_leave_it(self) -> None:
        row = {"Serial": "A", "Location": "", "other": ""}

        assert after(self.plan(row)[0])["Location"] == ""
        assert self.plan(row, clear_empty=False)[0].action == "unchanged"

    def test_without_identity_what_no_record_says_is_new(self) -> None:
        plan = self.plan({"Serial": "E"}, {"Serial": ""}, identity=(), complete=lambda r: {**r, "uuid": "u"})

        assert [planned.action for planned in plan] == ["insert", "insert"]
        assert after(plan[0])["uuid"] == "u"
        assert self.plan({"Serial": ""})[0].action == "insert"

    @pytest.mark.parametrize("identity", [(), ("index",)])
    def test_without_a_key_a_row_is_the_record_that_says_the_same_each_for_one(self, identity: Sequence[str]) -> None:
        rows = [{"Serial": serial, "n": n, "index": ""} for serial, n in (("D", ""), ("A", "5"), ("D", ""), ("D", ""))]

        plan = self.plan(*rows, {"Serial": "A", "n": "6", "index": ""}, identity=identity)

        assert [planned.action for planned in plan] == ["unchanged", "unchanged", "unchanged", "insert", "insert"]
        assert [planned.identity for planned in plan[:3]] == [raw.id_text(raw.element_of(n)) for n in (3, 1, 4)]

    def test_a_number_that_is_taken_does_not_keep_a_row_from_its_record(self) -> None:
        live = b"".join(bson.encode({"_id": n, "ID": n, "Serial": "S"}) for n in (1, 2)) + bson.encode(
            {"_id": 3, "ID": 3, "Serial": "T"})

        def plan(*numbers: str) -> list[str]:
            rows = [{"ID": number, "Serial": "S"} for number in numbers]
            return [planned.identity if planned.action != "insert" else "new" for planned in plan_rows(
                rows, [live], (), numbered="ID")]

        one, two = (raw.id_text(raw.element_of(n)) for n in (1, 2))
        assert plan("2", "1") == [two, one]
        assert plan("1", "1") == [one, two]
        assert plan("3", "1") == [two, one]
        assert plan("9", "1") == ["new", one]
        assert plan("", "", "") == [one, two, "new"]

    def test_a_cell_of_blanks_does_not_overwrite_where_an_empty_one_does_not(self) -> None:
        row = {"Serial": "A", "Location": " \u00a0 "}

        assert self.plan(row, clear_empty=False)[0].action == "unchanged"
        assert after(self.plan(row)[0])["Location"] == " \u00a0 "

    def test_identity_by_id(self) -> None:
        plan = self.plan({"_id": "~" + '{"$numberInt": "2"}', "n": "8"}, identity=("_id",))

        assert after(plan[0]) == {"_id": 2, "Serial": "B", "n": 8, "note": "kept"}
