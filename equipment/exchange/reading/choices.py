"""How a file is read: what a person may say about it, and what was guessed where nothing was said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

__all__ = ["ENCODINGS", "GUESS", "NO_QUOTES", "QUOTES", "SEPARATORS", "Choices"]

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp932": "Shift-JIS (Japanese)",
    "gb18030": "GB18030 (Chinese)",
    "mac_roman": "Macintosh (Western)",
    "cp850": "DOS (Western)",
}
"""Python's names of the encodings offered, and what people call them."""

SEPARATORS: Final = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Blank", ":": "Colon"}
NO_QUOTES: Final = "none"
QUOTES: Final = {'"': 'Double (")', "'": "Apostrophe (')", NO_QUOTES: "None"}


@dataclass(frozen=True)
class Choices:
    """What is empty, None or 0 is guessed; a table that was read says all of them.

    ``header`` is the number of the row in the file, from 1, that holds the column names, ``header_rows`` how many there
    are (up to 3); ``header=0`` says that there is none. ``leave_out`` is about rows below it that are no records:
    totals, the column names once more, another table. ``apostrophes`` says that those before ``= + - @`` are no part
    of a text.
    """

    encoding: str = ""
    separator: str = ""
    quote: str = ""
    sheet: str = ""
    header: int | None = None
    header_rows: int = 0
    leave_out: bool | None = None
    apostrophes: bool = False

    def document(self) -> dict[str, Any]:
        """Give it as JSON can carry it; ``Choices(**document)`` is the same."""
        return asdict(self)


GUESS: Final = Choices()
"""Nothing is said."""
