"""Labels as drawings: a sheet as SVG to look at, and all sheets as one HTML page for printing.

Everything is placed by the millimetre from the corner of the paper, and the page has no margins: with 8 mm above and
below, eight rows of 36 mm went onto two sheets. HTML and not PDF: the browser has letters for every name, a
PDF made here would have those of one font that had to come along.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import segno

from equipment.exchange.labels import addresses, fitting
from equipment.exchange.labels.sheets import Sheet

FONT = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"
QUIET = 4
"""White squares that a code needs around it to be read (ISO/IEC 18004)."""
LINE = ' stroke="#999" stroke-width="0.2"'
FINEST = 0.35
"""Millimetres of a square below which a label printer (203 dots an inch: 0.125 mm) smears it and phones give up."""
LARGEST_CODE = 38.0
"""Millimetres; beyond, more text is worth more than a larger code."""


@dataclass(frozen=True)
class Label:
    """What is on one label: the record's key for the address, its ID as the title, and further texts."""

    key: str
    title: str
    texts: tuple[str, ...] = ()


def preview(labels: Sequence[Label], sheet: Sheet, base: str, *, start: int = 1) -> str:
    """Draw the first sheet as an SVG in which the labels are outlined; arguments as for ``page``."""
    base = addresses.checked(base)
    return _paper(labels[: sheet.labels - start + 1], sheet, base, start - 1, outlined=True)


def page(labels: Iterable[Label], sheet: Sheet, base: str, *, start: int = 1, outlined: bool = False) -> str:
    """Give the HTML of all sheets. Printed at 100 %, each label lies where it is on the paper.

    ``base`` is the app's address, ``start`` the first label (from 1) that is still on the first sheet. ``outlined``
    draws the edges of all labels, for a try on plain paper. Raises ``BadInput`` for an address that no phone opens.
    """
    base = addresses.checked(base)
    width, height = sheet.paper
    papers = "".join(
        f"<section>{_paper(part, sheet, base, first, outlined=outlined)}</section>"
        for part, first in _parts(list(labels), sheet.labels, start - 1)
    )
    # Not all of the paper's height: at 297 mm Chromium rounds up to a second, empty page.
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Equipment labels</title><style>
@page {{ size: {width:g}mm {height:g}mm; margin: 0; }}
html, body {{ margin: 0; padding: 0; background: #fff; }}
section {{ width: {width:g}mm; height: {height - 0.5:g}mm; overflow: hidden; break-inside: avoid; break-after: page; }}
section:last-of-type {{ break-after: auto; }}
section > svg {{ display: block; width: {width:g}mm; height: {height:g}mm; }}
@media screen {{
  header {{ font: 16px/1.5 {FONT}; padding: 16px; }}
  section {{ border: 1px solid #bbb; margin: 0 16px 16px; }}
}}
@media print {{ header {{ display: none; }} }}
</style></head><body><header>{_advice(sheet)}</header>{papers}</body></html>"""


def square(sheet: Sheet, base: str, key: str) -> float:
    """Give the side of one square of the code for this record, in millimetres."""
    squares = _squares(_code(base, key))
    return _code_place(sheet, squares)[1] / squares


def _advice(sheet: Sheet) -> str:
    return (
        f"Print this page (Ctrl+P) on <b>{html.escape(sheet.name)}</b>: scale <b>100 %</b> (“Actual size”, not “Fit to "
        "page”), no headers and footers, and the paper size of the labels in the printer’s settings."
    )


def _parts(labels: Sequence[Label], most: int, first: int) -> Iterator[tuple[Sequence[Label], int]]:
    """Give the labels of each sheet, and the place at which they begin on it."""
    yield labels[: most - first], first
    for begin in range(most - first, len(labels), most):
        yield labels[begin : begin + most], 0


def _paper(labels: Sequence[Label], sheet: Sheet, base: str, first: int, *, outlined: bool) -> str:
    drawn = "".join(_label(label, sheet, base, sheet.corner(place)) for place, label in enumerate(labels, first))
    edges = "".join(_outline(sheet, sheet.corner(place)) for place in range(sheet.labels)) if outlined else ""
    width, height = sheet.paper
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="{FONT}" fill="#000">'
        f'<rect width="100%" height="100%" fill="#fff"{LINE if outlined else ""}/>{edges}{drawn}</svg>'
    )


def _outline(sheet: Sheet, corner: tuple[float, float]) -> str:
    return (
        f'<rect x="{corner[0]:.3f}" y="{corner[1]:.3f}" width="{sheet.width:g}" height="{sheet.height:g}" rx="1.5" '
        f'fill="none"{LINE}/>'
    )


def _label(label: Label, sheet: Sheet, base: str, corner: tuple[float, float]) -> str:
    """Draw the code on the left and the text beside it. An inner ``svg`` cuts off what would reach the next label."""
    code = _code(base, label.key)
    squares = _squares(code)
    left, side = _code_place(sheet, squares)
    begin = left + side
    across, down = sheet.edge
    fitted = fitting.fit(label.title, label.texts, sheet.width - across - begin, sheet.height - 2 * down)
    return (
        f'<svg class="label" x="{corner[0]:.3f}" y="{corner[1]:.3f}" width="{sheet.width:g}" height="{sheet.height:g}">'
        f'<svg x="{left:.3f}" y="{(sheet.height - side) / 2:.3f}" width="{side:.3f}" height="{side:.3f}" '
        f'viewBox="0 0 {squares} {squares}" shape-rendering="crispEdges">{code.svg_inline(border=QUIET)}</svg>'
        f'{_text(fitted.lines, begin, sheet.height)}</svg>'
    )


def _code(base: str, key: str) -> segno.QRCode:
    return segno.make(addresses.of_record(base, key), error="m", micro=False)


def _squares(code: segno.QRCode) -> int:
    return len(code.matrix) + 2 * QUIET


def _code_place(sheet: Sheet, squares: int) -> tuple[float, float]:
    """Give the left edge of a code and its side, both with the white around it, for so many squares across.

    The white may lie where nothing can be printed, the black not.
    """
    black = (squares - 2 * QUIET) / squares
    side = min(sheet.height, (sheet.height - 2 * sheet.edge[1]) / black, sheet.width / 2, LARGEST_CODE)
    return max(0.0, sheet.edge[0] - (1 - black) / 2 * side), side


def _text(lines: Sequence[fitting.Line], left: float, height: float) -> str:
    drawn = []
    below = (height - sum(line.height for line in lines)) / 2
    for line in lines:
        # 0.35: from the middle of a line down to where Arial's capitals, 0.7 high, stand.
        base = below + line.height / 2 + 0.35 * line.size
        below += line.height
        # Where another font stands in for Arial, the line still takes the room that was measured.
        exact = f' textLength="{line.width:.3f}" lengthAdjust="spacingAndGlyphs"' if line.width else ""
        bold = ' font-weight="bold"' if line.bold else ""
        place = f'x="{left:.3f}" y="{base:.3f}" font-size="{line.size:.3f}"'
        drawn.append(f"<text {place}{bold}{exact}>{html.escape(line.text)}</text>")
    return "".join(drawn)
