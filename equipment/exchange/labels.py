"""A sheet of QR labels as one HTML page for printing; each code opens its record."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import segno

from backup_engine.errors import BadInput


@dataclass(frozen=True)
class Label:
    """One label: the record's key for the address, and up to three lines of text."""

    key: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A sheet of labels: columns across, and the size of one label in millimetres."""

    name: str
    columns: int
    width: float
    height: float


SHEETS = (
    Sheet("A4, 3 × 8 (70 × 36 mm)", 3, 70, 36),
    Sheet("A4, 3 × 7 (63.5 × 38.1 mm)", 3, 63.5, 38.1),
    Sheet("A4, 2 × 7 (99.1 × 38.1 mm)", 2, 99.1, 38.1),
    Sheet("A4, 5 × 13 (38.1 × 21.2 mm)", 5, 38.1, 21.2),
)


def address(base: str, key: str) -> str:
    """Give the address that opens a record."""
    return f"{base.rstrip('/')}/?id={quote(key, safe='')}"


def page(labels: Iterable[Label], sheet: Sheet, base: str) -> str:
    """Give the HTML of a printable sheet. ``base`` is the app's address; raises ``BadInput`` unless it is http(s)."""
    if not base.startswith(("http://", "https://")):
        raise BadInput("The address of the app must begin with http:// or https://.")
    cells = "".join(_label(label, base) for label in labels)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Equipment labels</title><style>
@page {{ size: A4; margin: 8mm 0; }}
body {{ margin: 0; font: 9pt/1.25 "Helvetica Neue", Arial, sans-serif; color: #000; background: #fff; }}
main {{ display: grid; grid-template-columns: repeat({sheet.columns}, {sheet.width}mm); justify-content: center; }}
article {{ box-sizing: border-box; width: {sheet.width}mm; height: {sheet.height}mm; padding: 2.5mm; display: flex;
  gap: 2.5mm; align-items: center; overflow: hidden; break-inside: avoid; }}
svg {{ flex: none; height: {sheet.height - 5}mm; width: {sheet.height - 5}mm; }}
p {{ margin: 0; overflow-wrap: anywhere; }} p:first-child {{ font-weight: bold; font-size: 11pt; }}
</style></head><body><main>{cells}</main></body></html>"""


def _label(label: Label, base: str) -> str:
    code = segno.make(address(base, label.key), error="m", micro=False)
    picture = code.svg_inline(border=0, omitsize=True)
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in label.lines if line)
    return f"<article>{picture}<div>{lines}</div></article>"
