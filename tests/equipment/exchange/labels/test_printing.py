"""Sheets of labels as drawings; what Chromium makes of them is in ``tests/browser/test_label_sheets.py``."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import segno

from backup_engine.errors import BadInput
from equipment.exchange.labels import printing
from equipment.exchange.labels.printing import FINEST, QUIET, Label
from equipment.exchange.labels.sheets import SHEETS, Sheet

BASE = "https://equipment.example.org"
SVG = "{http://www.w3.org/2000/svg}"


def labels(count: int) -> list[Label]:
    return [Label(f"k{number}", f"CAL-{number}", ("Scope",)) for number in range(count)]


def corners(svg: str) -> list[tuple[float, float]]:
    places = re.findall(r'class="label" x="([\d.]+)" y="([\d.]+)"', svg)
    return [(float(left), float(top)) for left, top in places]


def expected(sheet: Sheet, places: range) -> list[tuple[float, float]]:
    return [(round(left, 3), round(top, 3)) for left, top in map(sheet.corner, places)]


def test_a_sheet_has_a_code_and_the_text_of_each_record() -> None:
    page = printing.page([Label("1", "17", ("Scope",)), Label("a b", "18", ("",))], SHEETS[0], BASE)

    for key in ("1", "a%20b"):
        assert segno.make(f"{BASE}/?id={key}", error="m", micro=False).svg_inline(border=QUIET) in page
    assert re.findall(r"<text[^>]*>([^<]*)</text>", page) == ["17", "Scope", "18"]


def test_text_of_records_cannot_become_markup() -> None:
    evil = Label('"><script>alert(1)</script>', "<script>alert(1)</script>", ('"&<img src=x onerror=alert(1)>',))

    for drawn in (printing.page([evil], SHEETS[0], BASE), printing.preview([evil], SHEETS[0], BASE)):
        assert "<script" not in drawn and "<img" not in drawn


def test_an_address_cannot_become_markup() -> None:
    page = printing.page([Label("1", "17")], SHEETS[0], 'https://lab.example/"><script>')

    assert "<script" not in page


@pytest.mark.parametrize("base", ["", "javascript:alert(1)", "lab.example"])
def test_only_a_web_address_is_taken(base: str) -> None:
    for draw in (printing.page, printing.preview):
        with pytest.raises(BadInput):
            draw([], SHEETS[0], base)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_label_is_drawn_in_its_place(sheet: Sheet) -> None:
    first, *others = printing.page(labels(sheet.labels + 1), sheet, BASE).split("</section>")[:-1]

    assert corners(first) == expected(sheet, range(sheet.labels))
    assert [corners(other) for other in others] == [expected(sheet, range(1))]


def test_a_begun_sheet_is_used_up_first() -> None:
    sheet = SHEETS[0]
    first, second = printing.page(labels(5), sheet, BASE, start=22).split("</section>")[:-1]

    assert corners(first) == expected(sheet, range(21, 24))
    assert corners(second) == expected(sheet, range(2))
    assert "CAL-2<" in first and "CAL-3<" in second


def test_the_preview_is_the_first_sheet_as_printed_with_all_labels_outlined() -> None:
    sheet = SHEETS[0]
    drawn = printing.preview(labels(40), sheet, BASE, start=3)

    ElementTree.fromstring(drawn)  # well-formed, as an image must be
    assert corners(drawn) == corners(printing.page(labels(40), sheet, BASE, start=3).split("</section>")[0])
    assert drawn.count('rx="1.5"') == sheet.labels
    assert 'rx="1.5"' not in printing.page(labels(40), sheet, BASE)
    assert printing.page(labels(40), sheet, BASE, outlined=True).count('rx="1.5"') == 2 * sheet.labels


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
@pytest.mark.parametrize("length", [10, 30, 150])
def test_a_code_lies_within_its_label_and_its_black_where_it_can_be_printed(sheet: Sheet, length: int) -> None:
    drawn = ElementTree.fromstring(printing.preview([Label("k" * length, "1")], sheet, BASE))
    code = drawn.find(f"{SVG}svg[@class='label']/{SVG}svg")
    assert code is not None
    left, top, side = (float(code.attrib[name]) for name in ("x", "y", "width"))
    white = side * QUIET / float(code.attrib["viewBox"].split()[2])

    assert min(left, top) >= 0 and top + side <= sheet.height + 1e-3
    assert left + white >= sheet.edge[0] - 1e-3 and top + white >= sheet.edge[1] - 1e-3


def test_squares_too_small_to_print_are_noticed() -> None:
    key = "65f0c2a1e4b0a1b2c3d4e5f6"

    assert all(printing.square(sheet, BASE, key) > FINEST for sheet in SHEETS)
    assert printing.square(SHEETS[3], BASE + "/a" * 100, key) < FINEST < printing.square(SHEETS[0], BASE, key)
