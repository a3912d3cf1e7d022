"""What fits on a label: text shrinks and breaks until it does, the ID first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

POINT: Final = 25.4 / 72
"""Millimetres of a typographic point."""
LEADING: Final = 1.2
"""Height of a line, in sizes of its letters."""
TITLE_ON_ONE_LINE: Final = (14, 12, 11, 10, 9, 8, 7)
SIZES: Final = (9, 8, 7, 6, 5)
"""Points; below 5 nobody reads."""
DOTS: Final = "…"
LONGEST: Final = 5_000
"""Characters of a text that are looked at; 3,500 of the narrowest fill the largest label."""


@dataclass(frozen=True)
class Line:
    """One line of text as it is drawn; ``size`` and ``width`` in millimetres.

    ``width`` is what the line takes in Arial; None for letters whose width is not known here.
    """

    text: str
    size: float
    width: float | None
    bold: bool = False

    @property
    def height(self) -> float:
        """Height of the line in millimetres."""
        return self.size * LEADING


@dataclass(frozen=True)
class Fitted:
    """The lines of a label, and whether they are all there was to say."""

    lines: tuple[Line, ...]
    whole: bool


def fit(title: str, texts: Iterable[str], width: float, height: float) -> Fitted:
    """Set a title and texts into a box (millimetres) in the largest letters that fit.

    The title shrinks before it breaks, and is never smaller than the texts. What does not fit in the smallest letters
    ends in ``…``, and texts after it are left out; the title is cut only where it alone fills the box.
    """
    first = _title(_clean(title), width, height)
    rest = [clean for text in texts if (clean := _clean(text))]
    room = height - sum(line.height for line in first)
    for points in SIZES:
        lines = [line for text in rest for line in _set(text, points, width)]
        fits = sum(line.height for line in lines) <= room
        if fits and all(line.size >= points * POINT for line in first):
            break
    return _cut([*first, *lines], width, height)


def _title(title: str, width: float, height: float) -> list[Line]:
    for points in TITLE_ON_ONE_LINE:
        lines = _set(title, points, width, bold=True)
        if len(lines) <= 1 and points * POINT * LEADING <= height / 3:
            return lines
    for points in SIZES:
        lines = _set(title, points, width, bold=True)
        if sum(line.height for line in lines) <= height / 2:
            break
    return lines


def _cut(lines: Sequence[Line], width: float, height: float) -> Fitted:
    kept: list[Line] = []
    for line in lines:
        if sum(each.height for each in [*kept, line]) > height + 1e-6:
            return Fitted((*kept[:-1], _with_dots(kept[-1], width)) if kept else (), False)
        kept.append(line)
    return Fitted(tuple(kept), True)


def _with_dots(line: Line, width: float) -> Line:
    text = line.text
    while text and _width(text + DOTS, line.bold) * line.size > width:
        text = text[:-1]
    return _line(text + DOTS, line.size, line.bold)


def _set(text: str, points: float, width: float, *, bold: bool = False) -> list[Line]:
    """Break a text into lines no wider than ``width``: between words, else within."""
    size = points * POINT
    lines: list[str] = []
    for word in text.split():
        if lines and _width(f"{lines[-1]} {word}", bold) * size <= width:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, width / size, bold)
    return [_line(line, size, bold) for line in lines]


def _pieces(word: str, most: float, bold: bool) -> list[str]:
    pieces = [""]
    taken = 0.0
    for letter in word:
        taken += (own := _of_letter(letter, bold)[0])
        if taken > most and pieces[-1]:
            pieces.append("")
            taken = own
        pieces[-1] += letter
    return pieces


def _line(text: str, size: float, bold: bool) -> Line:
    known = all(_of_letter(letter, bold)[1] for letter in text)
    return Line(text, size, _width(text, bold) * size if known else None, bold)


def _clean(text: str) -> str:
    """Put a text into one line without what cannot be seen and an SVG must not hold."""
    composed = unicodedata.normalize("NFC", text[:LONGEST])
    return " ".join("".join(letter if letter.isprintable() else " " for letter in composed).split())


def _width(text: str, bold: bool) -> float:
    return sum(_of_letter(letter, bold)[0] for letter in text)


def _of_letter(letter: str, bold: bool) -> tuple[float, bool]:
    """Give the width of a letter in sizes, and whether that is what Arial has."""
    known = _WIDTHS[bold].get(letter) or _WIDTHS[bold].get(unicodedata.normalize("NFD", letter)[0])
    if known:
        return known / 1000, True
    if unicodedata.combining(letter):
        return 0, False
    if unicodedata.category(letter) == "So":  # emoji have 1.25 in most fonts
        return 1.3, False
    return (1.0 if letter.isupper() or unicodedata.east_asian_width(letter) in "WF" else 0.8), False


def _by_letter(widths: dict[int, str]) -> dict[str, int]:
    return {letter: width for width, letters in widths.items() for letter in letters}


_WIDTHS: Final = {
    False: _by_letter({
        191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r", 334: "{}", 355: '"', 389: "*", 400: "°",
        469: "^", 500: "Jcksvxyz", 556: "#$0123456789?L_abdeghnopqu–€§", 549: "±", 584: "+<=>~×", 611: "FTZßø",
        667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQØ", 833: "Mm", 889: "%æ", 944: "W", 1000: "—…Æ", 1015: "@",
    }),
    True: _by_letter({
        238: "'", 278: " ,./I\\ijl", 280: "|", 333: "!()-:;[]`ft", 389: "*r{}", 400: "°", 474: '"', 500: "z",
        556: "#$0123456789J_aceksvxy–€§", 549: "±", 584: "+<=>^~×", 611: "?FLTZbdghnopqußø", 667: "EPSVXY",
        722: "&ABCDHKNRU", 778: "GOQwØ", 833: "M", 889: "%mæ", 944: "W", 975: "@", 1000: "—…Æ",
    }),
}
"""Widths of letters in thousandths of their size: Helvetica and Helvetica Bold by Adobe's font metrics, which Arial,
Liberation Sans and Arimo share."""
