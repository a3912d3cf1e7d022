"""The sheet finds, counts and orders as people expect, over texts as they were typed."""

from __future__ import annotations

from datetime import date

import pytest

from equipment.domain.fields import DATES, TYPES, USUAL_TYPES
from equipment.domain.query import Query
from equipment.domain.search import Sheet

TODAY = date(2026, 3, 2)
KINDS = {name: TYPES[kind] for name, kind in USUAL_TYPES.items()}
SHEET = Sheet.of([
    (["a", "b"], {
        "ID": ["10", "9"],
        "Vendor": ["Keysight", "Fluke"],
        "Category": ["Scope", "Meter"],
        "Serial": ["S1", " s1 "],
        "Purchase Value": ["3,000", "~500"],
        "Next Cal Date": ["1.1.2026", "20.03.26"],
    }),
    (["c", "d"], {
        "ID": ["2", "x"],
        "Vendor": ["Fluke", ""],
        "Category": ["Scope", "Meter"],
        "Serial": ["", ""],
        "Purchase Value": ["leased", ""],
        "Comments": ["", "50 Ω (.*) $where"],
        "Next Cal Date": ["2027-01-01", "NO CAL NEEDED"],
    }),
])


def matching(query: Query, sheet: Sheet = SHEET) -> str:
    return "".join(sheet.keys(sheet.find(query, KINDS, TODAY)))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("fluke", "bc"),
        ("FLUKE scope", "c"),
        ("(.*)", "d"),
        ("$where", "d"),
        (".", "abd"),
        ("ω", "d"),
        ("s1", "ab"),
        ('"fluke scope"', ""),
        ("", "abcd"),
        ("fluke keysight", ""),
    ],
)
def test_search(text: str, keys: str) -> None:
    assert matching(Query(text=text)) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (Query(sort="ID"), "cbad"),
        (Query(sort="ID", descending=True), "dabc"),
        (Query(sort="Purchase Value"), "bacd"),
        (Query(sort="Vendor"), "bcad"),
        (Query(sort="Vendor", descending=True), "acbd"),
        (Query(sort="Next Cal Date"), "abcd"),
        (Query(sort="no such column"), "abcd"),
    ],
)
def test_order_follows_numbers_and_dates_and_leaves_empty_cells_last(query: Query, keys: str) -> None:
    assert matching(query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (Query(only="overdue"), "a"),
        (Query(only="due"), "b"),
        (Query(only="no serial"), "cd"),
        (Query(only="same serial"), "ab"),
        (Query(choices={"Vendor": ("Fluke", "")}), "bcd"),
        (Query(contains={"Serial": "S"}), "ab"),
        (Query(lows={"Purchase Value": "1000"}), "a"),
        (Query(highs={"Purchase Value": "3,000"}), "ab"),
        (Query(lows={"Next Cal Date": "2026-01-02"}, highs={"Next Cal Date": "31.12.2026"}), "b"),
        (Query(choices={"no such column": ("x",)}), ""),
    ],
)
def test_filters(query: Query, keys: str) -> None:
    assert matching(query) == keys


def test_counts_of_a_column_follow_the_other_filters_and_not_its_own() -> None:
    query = Query(choices={"Category": ("Scope",), "Vendor": ("Fluke",)})

    assert SHEET.facet("Vendor", query, KINDS, TODAY) == [("Fluke", 1), ("Keysight", 1)]
    assert SHEET.facet("Category", query, KINDS, TODAY) == [("Meter", 1), ("Scope", 1)]


def test_the_numbers_above_the_list() -> None:
    counts = SHEET.counts(KINDS, TODAY)

    assert (counts.records, counts.overdue, counts.due, counts.no_serial, counts.same_serial) == (4, 1, 1, 2, 2)


def test_changes_give_a_new_sheet_with_new_columns_and_leave_the_old_one() -> None:
    later = SHEET.with_changes((["b", "e"], {"ID": ["9", ""], "Vendor": ["Hioki", ""], "Colour": ["", "blue"]}), ["a"])

    assert matching(Query(text="hioki"), later) == "b"
    assert matching(Query(text="blue"), later) == "e"
    assert matching(Query(text="keysight"), later) == ""
    assert "Colour" in later.columns
    assert matching(Query(text="keysight")) == "a"


def test_an_empty_list() -> None:
    empty = Sheet.of([])

    assert matching(Query(text="x", sort="ID", only="overdue"), empty) == ""
    assert empty.counts(KINDS, TODAY).records == 0
    assert empty.facet("Vendor", Query(), KINDS, TODAY) == []


def test_dates_sort_range_and_are_due_by_the_order_of_their_column() -> None:
    sheet = Sheet.of([(["a", "b", "c"], {"Next Cal Date": ["05/04/2026", "04/05/2026", "2026-04-20"]})])
    orders = {order: {"Next Cal Date": kind} for order, kind in DATES.items()}
    ask = Query(sort="Next Cal Date")

    def keys(order: str, query: Query) -> str:
        return "".join(sheet.keys(sheet.find(query, orders[order], TODAY)))

    assert {order: keys(order, ask) for order in orders} == {"": "cba", "day/month": "acb", "month/day": "bca"}
    late = ask.having("lows", "Next Cal Date", "01/05/2026")
    assert {order: keys(order, late) for order in orders} == {"": "c", "day/month": "b", "month/day": "bca"}
    day = date(2026, 4, 10)
    assert [sheet.counts(orders[order], day).overdue for order in orders] == [0, 1, 1]


def test_a_range_ends_with_the_last_day_of_its_month() -> None:
    sheet = Sheet.of([(["a", "b", "c"], {"Bought": ["30.4.2026", "1.5.2026", "2026-04"]})])

    found = sheet.find(Query(highs={"Bought": "2026-04"}), {"Bought": DATES[""]}, TODAY)
    assert sheet.keys(found) == ["a", "c"]
