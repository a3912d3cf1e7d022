"""Sheets of labels as Chromium prints them: how many pages, and where on the paper the text stands."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from equipment.exchange.labels import printing
from equipment.exchange.labels.printing import Label
from equipment.exchange.labels.sheets import INCH, SHEETS, Sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
pypdf = pytest.importorskip("pypdf", reason="no reader of PDF here: pip install -r requirements-dev.txt")

BASE = "https://equipment.example.org"
NAMES = (
    "Rohde & Schwarz FSW26 Signal- und Spektrumanalysator mit Option K70 Vektorsignalanalyse und Vorverstärker",
    "W" * 300, "ЖЩШ ΩΜΨ 示波器 😀😀😀 " * 10, "Serial: 123456/789",
)
OVERFLOW = """() => {
  const millimetre = 96 / 25.4;
  const beyond = (label, drawn) => {
    const paper = label.parentElement.getBoundingClientRect(), inner = drawn.getBoundingClientRect();
    // From its numbers: Chromium's rectangle of an inner svg is that of what it holds.
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map(name => +label.getAttribute(name) * millimetre);
    const left = inner.left - paper.left, top = inner.top - paper.top;
    return Math.max(x - left, y - top, left + inner.width - x - width, top + inner.height - y - height);
  };
  return Math.max(...[...document.querySelectorAll('svg.label')].flatMap(label =>
    [...label.querySelectorAll('text, path')].map(drawn => beyond(label, drawn)))) / millimetre;
}"""
"""How far the text or code that reaches farthest lies outside of its label, in millimetres."""


@pytest.fixture(scope="module")
def paper(chromium: Browser) -> Iterator[Page]:
    """A page that is laid out as for printing."""
    page = chromium.new_page()
    page.emulate_media(media="print")
    yield page
    page.close()


def labels(count: int) -> list[Label]:
    """Labels with an ID that takes one line, and enough below it to fill most of them."""
    return [Label(f"65f0c2a1e4b0a1b2c3d4e{number:03}", f"CAL-{number:03}", NAMES[:1]) for number in range(count)]


def printed(paper: Page, made: list[Label], sheet: Sheet, start: int = 1) -> Any:
    """Print as a person does, on the paper that the page asks for, and read the PDF."""
    paper.set_content(printing.page(made, sheet, BASE, start=start))
    return pypdf.PdfReader(io.BytesIO(paper.pdf(prefer_css_page_size=True)))


def titles(page: Any) -> dict[str, tuple[float, float]]:
    """Give where each ID begins: millimetres from the upper left corner of the paper."""
    height = float(page.mediabox.height)
    found = {}

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.startswith("CAL-"):
            across, down = cm[0] * tm[4] + cm[2] * tm[5] + cm[4], cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            found[text.strip()] = across / 72 * INCH, (height - down) / 72 * INCH

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_full_sheet_is_one_page_and_every_text_is_in_its_label(paper: Page, sheet: Sheet) -> None:
    made = labels(sheet.labels + 1)
    full, next_page = printed(paper, made, sheet).pages
    over = paper.evaluate(OVERFLOW)
    places = titles(full)

    assert (full.mediabox.width, full.mediabox.height) == pytest.approx([mm / INCH * 72 for mm in sheet.paper], abs=1)
    assert sorted(places) == [label.title for label in made[:-1]]
    assert list(titles(next_page)) == [made[-1].title]
    within = places["CAL-000"][0] - sheet.corner(0)[0], places["CAL-000"][1] - sheet.corner(0)[1]
    assert sheet.width / 3 < within[0] < sheet.width / 2 + 5 and 2 < within[1] < sheet.height / 2
    for number in range(sheet.labels):
        left, top = sheet.corner(number)
        assert places[f"CAL-{number:03}"] == pytest.approx((left + within[0], top + within[1]), abs=1)
    assert over <= 0
    assert len(printed(paper, made[:1], sheet, start=sheet.labels).pages) == 1


def test_the_longest_names_and_ids_stay_in_their_label(paper: Page) -> None:
    for sheet in SHEETS:
        made = [Label("k" * 24, title, NAMES) for title in ("W" * 60, "INVENTORY-2024/" * 4, "Ж" * 60)]
        paper.set_content(printing.page(made, sheet, BASE))

        assert paper.evaluate(OVERFLOW) <= 0, sheet.name


def test_another_font_takes_no_more_room(paper: Page) -> None:
    """As on a system without Arial: DejaVu Sans is a sixth wider."""
    html = printing.page([Label("1", "MMMM-0017", ("Spektrumanalysator " * 8,))], SHEETS[1], BASE)
    paper.set_content(html.replace(printing.FONT, "DejaVu Sans, Verdana, monospace"))

    assert paper.evaluate(OVERFLOW) <= 0
