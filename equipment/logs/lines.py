"""How an event becomes a line: text for people, or one JSON object.

Text is ``TIME LEVEL REFERENCE LOGGER: MESSAGE``; a traceback follows in lines that begin with a tab and a bar, so that
whatever stands in it looks like no line of its own.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from equipment.logs import reference

__all__ = ["JsonLines", "TextLines", "visible"]

LONGEST: Final = 4_000
LONGEST_TRACEBACK: Final = 16_000
"""Characters: journald cuts a line at 48 kB, and a traceback may quote a whole document."""
BEFORE_TRACEBACK: Final = "\n\t| "
# Control characters and line ends of every kind (one would forge a line, or command a terminal), and the marks that
# turn the direction of writing (what is read would not be what is written).
_ODD: Final = frozenset({"Cc", "Zl", "Zp"})
_TURNING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class _Lines(logging.Formatter):
    """What both have in common."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        """``clean`` takes the secrets out of a text."""
        super().__init__()
        self._clean = clean

    def message(self, record: logging.LogRecord) -> str:
        """Give the message in one line and without secrets; never raises for arguments that do not fit."""
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001 - a wrong call of the log must not break what it tells about
            text = f"{record.msg} {record.args!r} ({type(error).__name__})"
        return one_line(self._clean(text.strip()), LONGEST)

    def traceback(self, record: logging.LogRecord) -> str:
        """Give the traceback without secrets, or ""."""
        parts = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        parts += [record.stack_info] if record.stack_info else []
        text = self._clean("\n".join(parts))
        # Its end says what happened.
        return text if len(text) <= LONGEST_TRACEBACK else f"…{text[-LONGEST_TRACEBACK:]}"

    @staticmethod
    def reference(record: logging.LogRecord) -> str:
        """Give the reference of the request: what the record itself says first."""
        return str(getattr(record, "reference", "") or reference.known())

    @staticmethod
    def time(record: logging.LogRecord) -> str:
        """Give the local time with its offset, to the millisecond."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


class TextLines(_Lines):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line, with those of the traceback."""
        line = (f"{self.time(record)} {record.levelname:<7} {self.reference(record) or '-':<8} "
                f"{one_line(record.name, LONGEST)}: {self.message(record)}")
        traceback = self.traceback(record)
        return "".join([line, *(BEFORE_TRACEBACK + one_line(part, LONGEST) for part in traceback.splitlines())])


class JsonLines(_Lines):
    """Lines for programs; a deed has its parts as fields besides."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the object."""
        deed: dict[str, Any] = getattr(record, "deed", {})
        line = {"time": self.time(record), "level": record.levelname.lower(), "reference": self.reference(record),
                "logger": record.name, "message": self.message(record),
                **{name: one_line(self._clean(value), LONGEST) if isinstance(value, str) else value
                   for name, value in deed.items()}}
        if traceback := self.traceback(record):
            line["traceback"] = traceback
        return json.dumps(line, ensure_ascii=True, default=str)


def one_line(text: str, longest: int) -> str:
    """Write what would end or hide a line as its escape, and cut the rest off."""
    text = visible(text)
    return text if len(text) <= longest else f"{text[:longest]}…"


def visible(text: str) -> str:
    """Write control characters, line ends of every kind, marks that turn the direction and lone halves as escapes."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(letter: str) -> str:
    if letter in _TURNING or unicodedata.category(letter) in _ODD or "\ud800" <= letter <= "\udfff":
        return letter.encode("unicode_escape").decode("ascii")
    return letter
