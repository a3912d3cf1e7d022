"""The sheet finds, counts and orders as people expect, over texts as they were typed."""

from __future__ import annotations

from datetime import date

import pytest

from equipment.domain.query import Query
from equipment.domain.values.fields import DATES, TYPES, USUAL_TYPES
from equipment.index.sheet import Sheet

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


WORDS = Sheet.of([(
    ["a", "b", "c", "d", "e"], {
        "Name": ["Prüfgerät", "Pru\u0308fgera\u0308t", "café", "Straße", " "],
        "Serial": ["Ｕ１２", "u12", "É1", "", "\t"],
    })])
"""The first two names look the same, and so do the first two serials to whoever types them."""


@pytest.mark.parametrize(("text", "keys"), [
    ("prüfgerät", "ab"), ("prufgerat", "ab"), ("PRU\u0308F", "ab"), ("cafe", "c"), ("strasse", "d"), ("STRAẞE", "d"),
    ("U12", "ab"), ("ｕ１２", "ab"), ("“fgerät” prüf", "ab"), ("t u12", "ab"), ("é1", "c"), ("cafee", ""),
])
def test_search_looks_past_case_accents_width_and_composition(text: str, keys: str) -> None:
    assert matching(Query(text=text), WORDS) == keys


@pytest.mark.parametrize(("query", "keys"), [
    (Query(contains={"Name": "PRUF"}), "ab"),
    (Query(contains={"Name": "ße"}), "d"),
    (Query(choices={"Name": ("Prüfgerät",)}), "ab"),
    (Query(choices={"Name": ("Pru\u0308fgera\u0308t", "cafe")}), "ab"),
    (Query(only="same serial"), "ab"),
    (Query(only="no serial"), "de"),
])
def test_so_do_the_filters_of_columns(query: Query, keys: str) -> None:
    assert matching(query, WORDS) == keys


def test_a_changed_record_is_found_in_the_same_way() -> None:
    later = WORDS.with_changes((["c"], {"Name": ["Ærø"], "Serial": ["x"]}))

    assert matching(Query(text="aero"), later) == "c"
    assert later.texts("Name", later.rows())[-1] == "Ærø"


def test_values_that_look_the_same_are_counted_as_one_and_those_as_often_are_in_order() -> None:
    assert WORDS.facet("Name", Query(), KINDS, TODAY) == [("Prüfgerät", 2), ("café", 1), ("Straße", 1), (" ", 1)]


PLACES = ["bench 10", "bench 2", "", "Bench 1", "10.0.0.10", "10.0.0.9", "9.9.9.9", "Ärger", "Arbor", "  ", "zoo"]
IN_ORDER = ["9.9.9.9", "10.0.0.9", "10.0.0.10", "Arbor", "Ärger", "Bench 1", "bench 2", "bench 10", "zoo"]


@pytest.mark.parametrize("descending", [False, True])
def test_text_is_in_natural_order_and_blanks_are_last(descending: bool) -> None:
    sheet = Sheet.of([([str(place) for place in range(len(PLACES))], {"Place": PLACES})])
    rows = sheet.find(Query(sort="Place", descending=descending), KINDS, TODAY)
    texts = sheet.texts("Place", rows)

    assert texts[:-2] == (IN_ORDER[::-1] if descending else IN_ORDER)
    assert not any(text.strip() for text in texts[-2:])


def test_units_and_currencies_are_read_for_order_and_range_and_stay_as_they_are() -> None:
    values = ["10 %", "(1,234.00)", "₹ 1,23,456", "1.23E+15", "9 %", "none", "2 kg"]
    sheet = Sheet.of([(list("abcdefg"), {"Purchase Value": values})])

    assert matching(Query(sort="Purchase Value"), sheet) == "bgeacdf"
    assert matching(Query(lows={"Purchase Value": "9"}, highs={"Purchase Value": "200,000 INR"}), sheet) == "ace"
    assert sheet.texts("Purchase Value", sheet.rows()) == values


def test_an_id_is_a_name_and_no_measure() -> None:
    sheet = Sheet.of([(list("abcde"), {"ID": ["12D", "12A", "13", "2V", "3"]})])

    assert matching(Query(sort="ID"), sheet) == "debac"


def test_of_a_number_column_the_names_come_behind_the_numbers_in_their_own_order() -> None:
    sheet = Sheet.of([(list("abcdef"), {"ID": ["CAL-2", "CAL-10", "12", "", "CAL-1", "7"]})])

    assert matching(Query(sort="ID"), sheet) == "fceabd"


def test_counts_of_a_column_follow_the_other_filters_and_not_its_own() -> None:
    query = Query(choices={"Category": ("Scope",), "Vendor": ("Fluke",)})

    assert SHEET.facet("Vendor", query, KINDS, TODAY) == [("Fluke", 1), ("Keysight", 1)]
    assert SHEET.facet("Category", query, KINDS, TODAY) == [("Meter", 1), ("Scope", 1)]


def test_the_numbers_above_the_list() -> None:
    counts = SHEET.counts(KINDS, TODAY)

    assert (counts.records, counts.overdue, counts.due, counts.no_serial, counts.same_serial) == (4, 1, 1, 2, 2)


@pytest.mark.parametrize(("query", "numbers"), [
    (Query(text="scope"), (2, 1, 0, 1, 1)),
    (Query(choices={"Category": ("Meter",)}), (2, 0, 1, 1, 1)),
    (Query(only="due"), (4, 1, 1, 2, 2)),
    (Query(text="nowhere"), (0, 0, 0, 0, 0)),
])
def test_the_numbers_above_the_list_follow_what_else_is_asked(query: Query, numbers: tuple[int, ...]) -> None:
    counts = SHEET.counts(KINDS, TODAY, query)

    assert (counts.records, counts.overdue, counts.due, counts.no_serial, counts.same_serial) == numbers


def test_what_matches_is_counted_in_changed_rows_too() -> None:
    changed = SHEET.with_changes((["b", "e"], {"ID": ["9", "7"], "Vendor": ["Hioki", "Fluke"]}), ["a"])

    for query in (Query(), Query(text="fluke"), Query(only="no serial"), Query(text="nowhere")):
        assert changed.count(query, KINDS, TODAY) == len(changed.find(query, KINDS, TODAY))


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


def test_a_column_that_was_renamed_is_no_column_any_more() -> None:
    renamed = SHEET.with_changes((["c", "d"], {"ID": ["2", "x"], "Notes": ["", "50 Ω (.*) $where"]}))
    again = renamed.with_changes((["c", "d"], {"ID": ["2", "x"], "Words": ["", "50 Ω (.*) $where"]}))

    assert "Comments" not in renamed.columns and "Notes" in renamed.columns
    assert "Notes" not in again.columns and "Words" in again.columns
    assert "Comments" in SHEET.columns


def test_a_column_in_which_nobody_has_written_yet_stays() -> None:
    sheet = Sheet.of([(["a", "b"], {"ID": ["1", "2"], "Room": ["", ""]})])

    assert "Room" in sheet.with_changes((["a"], {"ID": ["3"]})).columns
