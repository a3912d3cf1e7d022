"""What a mail address is here: one that every mail server takes and that ends no header. Pure.

Plain ASCII without quoting (RFC 5321): the same rule for the address of a person and for a recipient of messages, since
a mail goes to both.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LONGEST", "is_mail_address", "same"]

LONGEST: Final = 254
"""Characters of an address. Source: RFC 5321, 4.5.3.1.3, less the angle brackets."""
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


def is_mail_address(text: str) -> bool:
    """Tell whether a mail can be sent to *text*."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None


def same(one: str, other: str) -> bool:
    """Tell whether two addresses are one, whichever case they are written in.

    Only of plain ASCII: beyond it different letters have the same small one, and a mail would go to somebody else.
    """
    return is_mail_address(one) and is_mail_address(other) and one.lower() == other.lower()
