"""Which columns of a file need an order of their dates, and what file and list say about it."""

from __future__ import annotations

from equipment.exchange import date_columns, importing
from equipment.exchange.date_columns import DateColumn
from equipment.exchange.reading.tables import Table
from equipment.index.sheet import Sheet
from equipment.store.list.schema import Column

EMPTY = Sheet.of([])


def find(texts: list[str], known: list[Column], sheet: Sheet = EMPTY) -> list[DateColumn]:
    table = Table(("Bought",), tuple((text,) for text in texts), lines=((2, 1), (4, 1)))
    rows = importing.apply_mapping(table, {"Bought": "Bought"})
    return date_columns.find(table, rows, known, sheet)


def test_a_new_column_of_dates_is_found_with_the_rows_of_the_file() -> None:
    [found] = find(["2/5/2018", "13/3/2019", "1/2/2020"], [])

    assert (found.name, found.stored, found.found.order) == ("Bought", "", "day/month")
    assert found.found.words == "“13/3/2019” in row 4 can only be day/month."


def test_behind_the_lines_that_are_known_records_are_counted() -> None:
    [found] = find(["2018-01-01", "2018-01-01", "13/3/2019"], [])

    assert "in record 3 can" in found.found.words


def test_columns_that_hold_something_else_are_left_alone() -> None:
    there = Sheet.of([(["a"], {"ID": ["1"], "Bought": ["x"]})])

    assert find(["2/5/2018"], [Column("Bought")], there) == []
    assert find(["2/5/2018"], [Column("Bought", "choice")]) == []
    assert find(["2/5/2018", "Lab 1", "Lab 2"], []) == []
    assert find(["2018-05-02", "5/5/2018"], [Column("Bought", "date")]) == []


def test_what_the_list_holds_counts_while_nobody_has_decided() -> None:
    there = Sheet.of([(["a"], {"ID": ["7"], "Bought": ["12/31/2018"]})])

    [found] = find(["13/3/2019"], [Column("Bought", "date")], there)
    assert (found.found.order, found.other) == ("", "")
    assert found.found.words.endswith("but “12/31/2018” in ID 7 can only be month/day.")
    [found] = find(["2/5/2018"], [Column("Bought", "date")], there)
    assert found.found.order == "month/day"


def test_a_file_against_the_stored_order_is_told() -> None:
    [against] = find(["12/31/2018"], [Column("Bought", "date", date_order="day/month")])
    [along] = find(["12/31/2018"], [Column("Bought", "date", date_order="month/day")])

    assert (against.other, along.other) == ("month/day", "")


def test_rows_are_written_plainly_in_that_order() -> None:
    rows = [{"Bought": "2/5/2018", "Room": "1/2/2018"}, {"Bought": "soon", "Room": ""}]

    assert date_columns.written(rows, {"Bought": "month/day"}) == [
        {"Bought": "2018-02-05", "Room": "1/2/2018"}, {"Bought": "soon", "Room": ""}]
    assert date_columns.written(rows, {}) is rows
