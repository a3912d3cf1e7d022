"""What is worth a second look before a record is stored."""

from __future__ import annotations

from equipment.domain.values.fields import DATES, TYPES
from equipment.domain.warnings import of_edits
from equipment.index.sheet import Sheet

SHEET = Sheet.of([(["a", "b"], {"ID": ["1", "2"], "Serial": ["S1", "S2"]})])
TYPED = {"Checked": DATES["day/month"], "Bought": TYPES["date"], "Price": TYPES["number"]}


def test_a_date_that_cannot_be_read_so_says_why() -> None:
    texts = {"Checked": "03/13/2019", "Bought": "31.2.2021", "Price": "much", "Other": "13/13/2019"}

    assert of_edits(SHEET, TYPED, "a", texts) == [
        "Checked: 03/13/2019 cannot be read so: the column is day/month, and there is no month 13.",
        "Bought: 31.2.2021 cannot be read so: February 2021 has 28 days."]
    assert of_edits(SHEET, TYPED, "a", {"Checked": "13/03/2019", "Bought": "NO CAL NEEDED"}) == []


def test_a_serial_that_another_record_has_is_named() -> None:
    assert of_edits(SHEET, {}, "a", {"Serial": " s2 "}) == ["Serial s2 is also in ID 2."]
    assert of_edits(SHEET, {}, "b", {"Serial": "S2"}) == []
