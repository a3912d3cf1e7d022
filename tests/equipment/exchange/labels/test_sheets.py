"""Where labels lie on the paper."""

from __future__ import annotations

import pytest

from equipment.exchange.labels.sheets import INCH, SHEETS, Sheet

BY_NAME = {sheet.name: sheet for sheet in SHEETS}


@pytest.mark.parametrize(("name", "left", "top", "across"), [
    ("A4, 3 × 8 (70 × 36 mm)", 0, 4.5, 70),
    ("A4, 3 × 7 (63.5 × 38.1 mm)", 7.25, 15.15, 66),
    ("A4, 2 × 7 (99.1 × 38.1 mm)", 4.65, 15.15, 101.6),
    ("A4, 5 × 13 (38.1 × 21.2 mm)", 4.75, 10.7, 40.6),
    ("US Letter, 3 × 10 (2 5/8 × 1 in)", 0.1875 * INCH, 0.5 * INCH, 2.75 * INCH),
    ("US Letter, 2 × 5 (4 × 2 in)", 0.15625 * INCH, 0.5 * INCH, 4.1875 * INCH),
    ("Roll, 62 × 29 mm", 0, 0, 62),
    ("Roll, 89 × 36 mm", 0, 0, 89),
    ("Roll, 57 × 32 mm", 0, 0, 57),
])
def test_margins_and_pitch_are_those_of_the_product(name: str, left: float, top: float, across: float) -> None:
    sheet = BY_NAME[name]

    assert sheet.corner(0) == pytest.approx((left, top), abs=0.01)
    assert sheet.corner(1)[0] == pytest.approx(left + across if sheet.columns > 1 else left, abs=0.01)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_all_labels_lie_on_the_paper_and_none_on_another(sheet: Sheet) -> None:
    corners = [sheet.corner(place) for place in range(sheet.labels)]

    assert len(SHEETS) == len(BY_NAME)
    assert all(left >= -1e-9 and left + sheet.width <= sheet.paper[0] + 1e-9 for left, _ in corners)
    assert all(top >= -1e-9 and top + sheet.height <= sheet.paper[1] + 1e-9 for _, top in corners)
    assert all(
        abs(one[0] - other[0]) >= sheet.width - 1e-9 or abs(one[1] - other[1]) >= sheet.height - 1e-9
        for index, one in enumerate(corners) for other in corners[:index]
    )


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.labels > 1], ids=lambda sheet: sheet.name)
def test_nothing_is_printed_where_office_printers_cannot(sheet: Sheet) -> None:
    left, top = sheet.corner(0)

    assert min(left + sheet.edge[0], top + sheet.edge[1]) >= 5
