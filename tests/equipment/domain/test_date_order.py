"""What the cells of a column say about its order."""

from __future__ import annotations

from equipment.domain.date_order import Evidence, evidence


def of(*texts: str) -> Evidence:
    return evidence((f"row {number}", text) for number, text in enumerate(texts, 2))


def test_one_cell_decides_for_all_and_is_named() -> None:
    found = of("13/03/2019", "02/05/2018", "25-12-2018", "5/5/2018", "")

    assert (found.order, found.day_month, found.month_day, found.either) == ("day/month", 2, 0, 1)
    assert found.words == "“13/03/2019” in row 2 can only be day/month (and 1 more)."
    assert found.is_of_dates and found.matters


def test_the_other_way_round() -> None:
    assert of("02/05/2018", "02/28/2018").order == "month/day"


def test_nothing_is_proven_by_what_may_be_either_or_begin_with_the_year() -> None:
    found = of("02/05/2018", "31-12-24", "13.03.2019", "2018-05-02")

    assert (found.order, found.either) == ("", 2)
    assert found.words == (
        "Nothing proves which comes first: “02/05/2018” in row 2 (and 1 more) can be read both ways.")


def test_cells_that_contradict_each_other_prove_nothing() -> None:
    found = of("13/03/2019", "03/13/2019")

    assert found.order == ""
    assert found.words == ("“13/03/2019” in row 2 can only be day/month, but “03/13/2019” in row 3 can only be "
                           "month/day.")


def test_dates_that_say_it_themselves_need_no_order() -> None:
    found = of("2018-05-02", "2.5.2018", "5/5/2018", "NO CAL NEEDED", "31/02/2021")

    assert not found.matters
    assert (found.filled, found.dates) == (5, 4)
    assert not found.is_of_dates


def test_a_column_of_other_things_is_not_one_of_dates() -> None:
    assert not of("1/2/2020", "Lab 1", "Lab 2").is_of_dates
    assert not of().is_of_dates
