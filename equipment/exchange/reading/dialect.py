"""What separates the cells of a text table and what stands around them, guessed from its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from equipment.exchange.reading.choices import NO_QUOTES, Choices

__all__ = ["Dialect", "guess", "usual_width"]

SAMPLE = 256 * 1024
ROWS = 100
"""Rows of the sample that are looked at."""
SPACED = 0.95
"""The part of separators that a blank follows when it belongs to them."""
SURE = 0.9
"""The part of rows with one width that a separator needs which also stands in ordinary text."""
CERTAIN = 1_000.0
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The first line by which Excel is told the separator."""
_USUAL, _RARE = ",;\t|", " :"


@dataclass(frozen=True)
class Dialect:
    """How lines become cells: ``quote`` is empty when nothing is a quote, ``escape`` stands before a quote that is part
    of the text, ``spaced`` says that a blank after the separator belongs to it, ``skipped`` how many lines at the
    beginning say something about the file. ``width`` is the number of cells that most rows have."""

    separator: str = ","
    quote: str = '"'
    escape: str = ""
    spaced: bool = False
    skipped: int = 0
    width: int = 0

    def parameters(self, *, strict: bool) -> dict[str, object]:
        """Give it as ``csv.reader`` takes it."""
        return {"delimiter": self.separator, "strict": strict, "skipinitialspace": self.spaced,
                **({"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}),
                **({"escapechar": self.escape, "doublequote": False} if self.escape else {})}


def guess(text: str, chosen: Choices, notes: list[str]) -> Dialect:
    """Find out what was not ``chosen``, and add what a person should know to ``notes``."""
    said = _SAID.match(text)
    if said and not chosen.separator:
        notes.append(f"The first line says that “{said[1]}” separates the columns.")
    body = text[said.end():] if said else text
    lines = io.StringIO(body[:SAMPLE], newline="").readlines()
    if len(body) > SAMPLE and len(lines) > 1:
        lines.pop()  # cut off in the middle
    sample = "".join(lines)
    separators = chosen.separator or (said[1] if said else _USUAL + _RARE)
    quotes = ["" if chosen.quote == NO_QUOTES else chosen.quote] if chosen.quote else ['"', "'"]
    separator, quote = max(((separator, quote) for separator in separators for quote in quotes),
                           key=lambda pair: _score(sample, *pair))
    escape = "\\" if quote and _escapes(sample, Dialect(separator, quote)) else ""
    dialect = Dialect(separator, quote, escape, _spaced(sample, separator, quote), 1 if said else 0)
    if quote == "'" and not chosen.quote:
        notes.append("The cells stand between apostrophes, which are not taken for text.")
    if escape:
        notes.append("A quote that is part of a text has a backslash in front, which is not taken for text.")
    return Dialect(**{**vars(dialect), "width": usual_width(sample, dialect)[0]})


def usual_width(sample: str, dialect: Dialect) -> tuple[int, float]:
    """Give the number of cells that most rows have, and the part of the rows that have it; blank lines do not count."""
    rows = csv.reader(io.StringIO(sample, newline=""), **dialect.parameters(strict=False))  # type: ignore[arg-type]
    widths: Counter[int] = Counter()
    with suppress(csv.Error):  # a cell of 128 MB; the reading itself says so
        for row, _ in zip((row for row in rows if row), range(ROWS), strict=False):
            widths[len(row)] += 1
    width, times = max(widths.items(), key=lambda pair: (pair[1] * pair[0], pair[0]), default=(0, 0))
    return width, times / max(1, widths.total())


def _score(sample: str, separator: str, quote: str) -> float:
    """Columns, weighed by how many of the rows agree: a title with a comma says nothing about the rows below it."""
    if quote == "'" and not _all_between(sample, separator, quote):
        return 0.0
    width, part = usual_width(sample, Dialect(separator, quote))
    if width < 2:
        return 0.5 if separator == "," else 0.0  # one column: whatever it holds, it is not cut
    if separator in _RARE and not (part >= SURE and width > 2 and _all_between(sample, separator, quote)):
        return 0.0  # words have blanks and times have colons
    # between apostrophes that are no quotes, each comma of a text would make one column more
    return width * part + (CERTAIN if quote == "'" else 0.0)


def _all_between(sample: str, separator: str, quote: str) -> bool:
    """Whether (nearly) each cell stands between quotes, of those that hold anything."""
    lines = [line.strip() for line in sample.splitlines()[:ROWS] if line.strip()]
    if not quote or not lines:
        return False
    opened = sum(line.startswith(quote) and line.endswith(quote) for line in lines)
    inner = sample.count(quote + separator + quote)
    return opened >= SURE * len(lines) and inner >= SURE * (sample.count(separator + quote))


def _escapes(sample: str, dialect: Dialect) -> bool:
    """Whether ``\\"`` is a quote within a text: then the quotes of the sample come out even, and else they do not."""
    if "\\" + dialect.quote not in sample:
        return False
    return not _even(sample, dialect) and _even(sample, Dialect(dialect.separator, dialect.quote, "\\"))


def _even(sample: str, dialect: Dialect) -> bool:
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), **dialect.parameters(strict=True))  # type: ignore[arg-type]
        for _ in reader:
            pass
    except csv.Error:
        return False
    return True


def _spaced(sample: str, separator: str, quote: str) -> bool:
    if separator == " ":
        return False
    followed = sample.count(separator + " ")
    if followed >= SPACED * max(1, sample.count(separator)):
        return True
    # ``1, "Screen, big"``: between quotes it would be doubled, ``1, ""Screen""``
    before_a_quote = len(re.findall(re.escape(f"{separator} {quote}") + f"(?!{quote})", sample)) if quote else 0
    return before_a_quote > sample.count(separator + quote)
