"""Whatever was changed, a sheet answers as somebody would who goes through all records by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings, strategies as st

from backup_engine.records.folding import fold
from equipment.domain.query import Query
from equipment.domain.values import collation, dates
from equipment.domain.values.fields import DATES, TYPES, USUAL_TYPES, FieldType, dates_of
from equipment.index import rows_of_text
from equipment.index.compaction import compacted
from equipment.index.sheet import Sheet

TODAY = date(2026, 3, 2)
COLUMNS = ("ID", "Vendor", "Serial", "Purchase Value", "Last Cal Date", "Next Cal Date", "Note")
TEXTS = {
    "ID": ["1", "2", "10", "12A", "CAL-2", "", " 7 "],
    "Vendor": ["Vötsch", "Vo\u0308tsch", "Fluke", "fluke", "Ørsted", "Łódź", "", " ", "Ångström", "A\u030angström"],
    "Serial": ["S1", " s1", "S2", "", "\t", "ſ1", "Ｓ１"],
    "Purchase Value": ["3,000", "~500", "leased", "", "500", "9.5", "(1)", "12 kg"],
    "Last Cal Date": ["", "NO CAL NEEDED", "1.1.2020"],
    "Next Cal Date": ["1.1.2026", "20.3.2026", "05/04/2026", "2027-01", "", "NO CAL NEEDED", "soon"],
    "Note": ["", "a.*b", "ß", "straße", "STRASSE", "10.0.0.9", "10.0.0.10", "ı", "đ", "x\x1fy", "(", "\\d", "a b"],
}
TERMS = ["", "fluke", "strasse", ".", "(", "\\d", "votsch", "s1", '"a b"', "o", "angstrom", "i d", "500", "\x1f",
         "lodz"]
records = st.fixed_dictionaries({}, optional={name: st.sampled_from(TEXTS[name]) for name in COLUMNS})
kinds = st.sampled_from([
    {name: TYPES[kind] for name, kind in USUAL_TYPES.items()}, {},
    {"Next Cal Date": DATES["day/month"], "Vendor": TYPES["choice"], "Note": TYPES["number"], "ID": TYPES["text"]}])
queries = st.builds(
    Query, text=st.sampled_from(TERMS),
    only=st.sampled_from(["", "", "", "overdue", "due", "no serial", "same serial"]),
    choices=st.dictionaries(st.sampled_from(["Vendor", "Note"]), st.lists(
        st.sampled_from(TEXTS["Vendor"]), min_size=1, max_size=3).map(tuple), max_size=1),
    contains=st.dictionaries(st.sampled_from(["Note", "Vendor"]), st.sampled_from(["o", "SS", "10.", "Ä"]), max_size=1),
    lows=st.dictionaries(st.sampled_from(["Purchase Value", "Next Cal Date"]), st.sampled_from(["9", "1.2.2026", "x"]),
                         max_size=1),
    highs=st.dictionaries(st.sampled_from(["Purchase Value"]), st.sampled_from(["600", "9.5"]), max_size=1),
    sort=st.sampled_from(["", *COLUMNS]), descending=st.booleans())
changes = st.lists(st.tuples(
    st.dictionaries(st.integers(0, 30), records, max_size=6), st.sets(st.integers(0, 30), max_size=4)), max_size=4)


@dataclass
class ByHand:
    """Records in their order, each key with its texts."""

    rows: dict[str, Mapping[str, str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known.update(name for row in self.rows.values() for name in row)

    def change(self, changed: Mapping[str, Mapping[str, str]], gone: set[str]) -> None:
        for key in (*changed, *gone):
            self.rows.pop(key, None)
        self.rows.update(changed)
        self.__post_init__()

    def find(self, query: Query, types: Mapping[str, FieldType]) -> list[str]:
        found = [key for key, row in self.rows.items() if self.matches(row, query, types)]
        if query.sort not in self.known:
            return found[::-1] if query.descending else found
        kind = types.get(query.sort, TYPES["text"])
        texts = [self.rows[key].get(query.sort, "") for key in found]
        places = collation.ranks(pa.array(texts, pa.large_string())).tolist()

        def order(number: int) -> Any:
            value = kind.key(texts[number]) if kind.has_range and query.sort != "ID" else None
            return value is None, value or 0.0, places[number]

        ordered = sorted(range(len(found)), key=order)
        if query.descending:
            blank = [number for number in ordered if not texts[number].strip()]
            ordered = [number for number in ordered if texts[number].strip()][::-1] + blank
        return [found[number] for number in ordered]

    def facet(self, column: str, query: Query, types: Mapping[str, FieldType]) -> list[tuple[str, int]]:
        counted = Counter(collation.composed(pa.array([row.get(column, "")], pa.large_string()))[0].as_py()
                          for row in self.rows.values() if self.matches(row, query, types, column))
        return sorted(collation.in_order(sorted(counted.items()), lambda pair: pair[0]), key=lambda pair: -pair[1])

    def matches(self, row: Mapping[str, str], query: Query, types: Mapping[str, FieldType], aside: str = "") -> bool:
        whole = "\x1f".join(fold(row[name]) for name in sorted(row))
        return (all(term in whole for term in query.terms()) and self.is_only(row, query, types)
                and all(collation.composed(pa.array([row.get(name, "")], pa.large_string()))[0].as_py() in values
                        for name, values in query.choices.items() if name != aside)
                and all(fold(part) in fold(row.get(name, "")) for name, part in query.contains.items() if name != aside)
                and all(in_range(row.get(name, ""), name, query, types)
                        for name in {*query.lows, *query.highs} - {aside}))

    def is_only(self, row: Mapping[str, str], query: Query, types: Mapping[str, FieldType]) -> bool:
        serial = fold(row.get("Serial", "")).strip()
        holders = sum(fold(other.get("Serial", "")).strip() == serial for other in self.rows.values())
        status = dates.status(dates_of(types, "Next Cal Date").read(row.get("Next Cal Date", "")),
                              dates_of(types, "Last Cal Date").read(row.get("Last Cal Date", "")), TODAY)
        return {"": True, "overdue": status == "overdue", "due": status == "due soon", "no serial": not serial,
                "same serial": bool(serial) and holders > 1}[query.only]


def in_range(text: str, name: str, query: Query, types: Mapping[str, FieldType]) -> bool:
    kind = types.get(name, TYPES["number"])
    value, low, high = kind.key(text), kind.key(query.lows.get(name, "")), kind.end(query.highs.get(name, ""))
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def columns(rows: Mapping[str, Mapping[str, str]]) -> tuple[list[str], dict[str, list[str]]]:
    names = sorted({name for row in rows.values() for name in row})
    return list(rows), {name: [row.get(name, "") for row in rows.values()] for name in names}


def compare(sheet: Sheet, by_hand: ByHand, asked: Sequence[Query], types: Mapping[str, FieldType]) -> None:
    assert len(sheet) == len(by_hand.rows)
    assert sheet.keys(sheet.rows()) == list(by_hand.rows)
    for query in asked:
        assert sheet.keys(sheet.find(query, types, TODAY)) == by_hand.find(query, types), query
        for column in ("Vendor", "Serial", "Note", "none"):
            counted = by_hand.facet(column, query, types)
            assert sheet.facet(column, query, types, TODAY) == counted, (column, query)
            assert sheet.facet(column, query, types, TODAY, most=3) == (counted if len(counted) <= 3 else None)
    counts = sheet.counts(types, TODAY)
    said = {only: len(by_hand.find(Query(only=only), types)) for only in (
        "overdue", "due", "no serial", "same serial")}  # type: ignore[arg-type]
    assert (counts.overdue, counts.due, counts.no_serial, counts.same_serial) == tuple(said.values())
    every = list(by_hand.rows)[::-2]
    assert sheet.keys(sheet.rows_of(["none", *every])) == [key for key in by_hand.rows if key in every]
    for column in COLUMNS:
        texts = [row.get(column, "") for row in by_hand.rows.values()]
        assert sheet.values(column) == Counter(texts)
        assert sheet.texts(column, sheet.rows()[::-1]) == texts[::-1]
        assert sheet.texts(column, sheet.rows_having(column, texts[:2])) == [
            text for text in texts if text in texts[:2]]
    alike = [key for key, row in by_hand.rows.items() if fold(row.get("Serial", "")).strip() == "s1"]
    assert sheet.keys(sheet.rows_alike("Serial", "Ｓ1")) == alike
    summed = sheet.sums("Vendor", "Purchase Value", TYPES["number"])
    assert np.isclose(sum(summed.values()), sum(TYPES["number"].key(row.get("Purchase Value", "")) or 0.0
                                                for row in by_hand.rows.values()))


@given(st.lists(records, max_size=25), changes, st.lists(queries, min_size=1, max_size=5), kinds, st.booleans())
@settings(deadline=None, max_examples=150)
def test_after_any_changes_it_is_what_going_through_all_would_find(
    first: list[dict[str, str]], later: list[tuple[dict[int, dict[str, str]], set[int]]], asked: list[Query],
    types: Mapping[str, FieldType], compact: bool,
) -> None:
    by_hand = ByHand({f"k{number}": row for number, row in enumerate(first)})
    sheet = Sheet.of([columns(by_hand.rows)] if first else [])
    compare(sheet, by_hand, asked, types)
    for changed, gone in later:
        new = {f"k{number}": row for number, row in changed.items()}
        left = {f"k{number}" for number in gone - {*changed}}
        sheet = sheet.with_changes(columns(new), left)
        by_hand.change(new, left)
        compare(sheet, by_hand, asked, types)
        if compact:
            sheet = Sheet(compacted(sheet))
            compare(sheet, by_hand, asked, types)


@given(st.text(min_size=1, max_size=6), st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_found_as_it_stands(term: str, texts: list[str]) -> None:
    found = rows_of_text.having(pa.array(texts, pa.large_string()), term)

    assert found.tolist() == [term in text for text in texts]


def test_a_term_of_any_length_is_found() -> None:
    for length in (999, 1_000, 1_001, 300_000):
        texts = pa.array(["(" * length, "(" * (length - 1)], pa.large_string())
        assert rows_of_text.having(texts, "(" * length).tolist() == [True, False]


def test_two_threads_search_a_long_list_as_one_does() -> None:
    texts = pa.array([str(number) for number in range(rows_of_text.HALVED + 1)], pa.large_string())

    assert np.flatnonzero(rows_of_text.having(texts, "4000")).tolist() == [
        number for number in range(len(texts)) if "4000" in str(number)]


def test_the_lowest_free_number() -> None:
    def lowest(*texts: str) -> int:
        return Sheet.of([(["a"] * len(texts), {"ID": list(texts)})]).lowest_free("ID")

    assert [lowest(), lowest("1", "2", "4"), lowest(" 1 ", "2", "3"), lowest("2"), lowest("x", "-1", "1.5", "²"),
            lowest("0", "1"), lowest("1", "9" * 40)] == [1, 3, 4, 1, 1, 2, 2]
