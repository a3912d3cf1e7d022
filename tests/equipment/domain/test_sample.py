"""The sample list has the size, the columns and the mess that the product is built for."""

from __future__ import annotations

from collections import Counter
from datetime import date

from equipment.domain import sample

TODAY = date(2026, 3, 2)


def test_the_same_seed_makes_the_same_list() -> None:
    first, second = sample.records(TODAY), sample.records(TODAY)

    assert repr(first) == repr(second)
    assert repr(first) != repr(sample.records(TODAY, seed=8))


def test_it_has_430_records_with_distinct_ids_and_gaps_between_them() -> None:
    ids = [record["ID"] for record in sample.records(TODAY)]

    assert len(ids) == len(set(ids)) == 430
    assert max(ids) > 430


def test_it_holds_the_mess_people_type() -> None:
    made = sample.records(TODAY)
    serials = Counter(record["Serial"] for record in made if record["Serial"])

    assert any("," in str(record["Purchase Value"]) for record in made)
    assert any(str(record["Year of Purchase"]).startswith("<") for record in made)
    assert any(record["Next Cal Date"] == "NO CAL NEEDED" for record in made)
    assert any(count > 1 for count in serials.values())
    assert {type(record["Purchase Value"]) for record in made} >= {str, int, float}
    assert any("Modules" not in record for record in made)


def test_the_choices_are_40_rows_of_parallel_lists() -> None:
    rows = sample.options()

    assert len(rows) == 40
    assert {tuple(row) for row in rows} == {("Category", "Vendor", "Location")}
    assert rows[-1]["Vendor"] and not rows[-1]["Category"]
