"""The sheets and rolls that labels are sold on, and where each label lies on the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INCH: Final = 25.4
A4: Final = (210.0, 297.0)
LETTER: Final = (8.5 * INCH, 11 * INCH)


@dataclass(frozen=True)
class Sheet:
    """A sheet of labels; all lengths in millimetres. The labels lie in the middle of the paper, row below row.

    ``gap`` is between columns; between rows there is none on any of these. Nothing is printed nearer than ``edge``
    (across, down) to the edge of a label: cuts are off by a millimetre, and what reaches the edge of the paper is
    where printers cannot print.
    """

    name: str
    paper: tuple[float, float]
    columns: int
    rows: int
    width: float
    height: float
    gap: float = 0
    edge: tuple[float, float] = (2, 2)

    @property
    def labels(self) -> int:
        """How many labels one sheet has."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """Give the upper left corner of a label on the paper; ``place`` counts from 0, row by row."""
        row, column = divmod(place, self.columns)
        left = (self.paper[0] - self.columns * self.width - (self.columns - 1) * self.gap) / 2
        top = (self.paper[1] - self.rows * self.height) / 2
        return left + column * (self.width + self.gap), top + row * self.height


def _single(name: str, width: float, height: float, edge: tuple[float, float]) -> Sheet:
    return Sheet(f"Roll, {name}", (width, height), 1, 1, width, height, edge=edge)


SHEETS: Final = (
    Sheet("A4, 3 × 8 (70 × 36 mm)", A4, 3, 8, 70, 36, edge=(5, 2)),
    Sheet("A4, 3 × 7 (63.5 × 38.1 mm)", A4, 3, 7, 63.5, 38.1, gap=2.5),
    Sheet("A4, 2 × 7 (99.1 × 38.1 mm)", A4, 2, 7, 99.1, 38.1, gap=2.5),
    Sheet("A4, 5 × 13 (38.1 × 21.2 mm)", A4, 5, 13, 38.1, 21.2, gap=2.5, edge=(1.5, 1.5)),
    Sheet("US Letter, 3 × 10 (2 5/8 × 1 in)", LETTER, 3, 10, 2.625 * INCH, INCH, gap=0.125 * INCH),
    Sheet("US Letter, 2 × 5 (4 × 2 in)", LETTER, 2, 5, 4 * INCH, 2 * INCH, gap=0.1875 * INCH),
    _single("62 × 29 mm", 62, 29, (1.6, 3.1)),
    _single("89 × 36 mm", 89, 36, (6, 1.5)),
    _single("57 × 32 mm", 57, 32, (3, 3)),
)
"""In the order of the choice. Margins, gaps and unprintable edges as the makers give them:

70 × 36: Avery Zweckform 3490 (4.5 mm above, none at the sides: printers leave up to 5 mm of the paper white).
63.5 × 38.1: Avery L7160 (15.15 mm above, 7.25 mm at the sides). 99.1 × 38.1: Avery L7163 (15.15 and 4.65 mm).
38.1 × 21.2: Avery L7651 (10.7 and 4.75 mm). 2 5/8 × 1 in: Avery 5160 (1/2 and 3/16 in). 4 × 2 in: Avery 5163 (1/2
and 5/32 in). 62 × 29: Brother DK-11209, of which 58.9 × 22.9 mm can be printed. 89 × 36: Dymo 99012. 57 × 32: Dymo
11354.
"""
