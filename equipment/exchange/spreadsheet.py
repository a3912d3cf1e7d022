"""Cells that stay text in a spreadsheet.

A cell that begins with ``=``, ``+``, ``-``, ``@``, TAB or CR can run as a formula when a CSV is opened (OWASP, CSV
injection). An apostrophe in front makes it text; the import takes that apostrophe off again.
"""

from __future__ import annotations

import re

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")


def guard(text: str) -> str:
    """Make a cell inert. Plain signed numbers stay as they are."""
    if text.startswith(RISKY) and not _NUMBER.fullmatch(text):
        return "'" + text
    # What looks guarded already gets one more, or the import would take off an apostrophe that was typed.
    return "'" + text if text.startswith("'") and text[1:].startswith((*RISKY, "'")) else text


def unguard(text: str) -> str:
    """Give the text that ``guard`` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*RISKY, "'")) else text
