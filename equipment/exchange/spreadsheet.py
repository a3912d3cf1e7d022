"""Cells that stay text in a spreadsheet.

A cell that begins with ``=``, ``+``, ``-``, ``@``, TAB or CR can run as a formula when a CSV is opened (OWASP, CSV
injection); the full-width ones of East Asian keyboards do as well. An apostrophe in front makes it text; the import of
that file takes the apostrophe off again.
"""

from __future__ import annotations

import re

__all__ = ["RISKY", "bare", "carried", "guard", "has_apostrophe", "unguard"]

RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?")
_APOSTROPHE = re.compile(r"'[=+\-@＝＋－＠]")
_UNFIT = re.compile("[\0\ufffe\uffff]")
"""No text table holds a NUL, and no XML the two others (https://www.w3.org/TR/xml/#charsets)."""


def guard(text: str) -> str:
    """Make a cell inert. Plain signed numbers stay as they are."""
    if text.startswith(RISKY) and not _NUMBER.fullmatch(text):
        return "'" + text
    # What looks guarded already gets one more, or the import would take off an apostrophe that was typed.
    return "'" + text if text.startswith("'") and text[1:].startswith((*RISKY, "'")) else text


def unguard(text: str) -> str:
    """Give the text that ``guard`` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*RISKY, "'")) else text


def has_apostrophe(text: str) -> bool:
    """Whether an apostrophe stands before ``= + - @``: in a foreign file it may be a guard, or may have been typed."""
    return _APOSTROPHE.match(text) is not None


def bare(text: str) -> str:
    """Take that apostrophe off."""
    return text[1:] if has_apostrophe(text) else text


def carried(text: str) -> str:
    """Give what a cell of every format can hold: what cannot stand there is seen as U+FFFD."""
    if text.isascii() and "\0" not in text:  # nearly always, and asked of every cell
        return text
    return _UNFIT.sub("\ufffd", text) if _UNFIT.search(text) else text
