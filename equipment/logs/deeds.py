"""A deed as a line of the log: who did what to what, from where."""

from __future__ import annotations

import logging
from typing import Final

from equipment.logs import reference

__all__ = ["tell"]

log = logging.getLogger("equipment.deeds")
FAILED: Final = ".failed"


def tell(action: str, who: str, address: str, target: str, note: str = "", count: int = 1) -> None:
    """Write one line for one deed, whatever it changed: ``target`` is the first of ``count`` things."""
    parts = {"action": action, "who": who, "address": address, "target": target, "count": count, "note": note}
    words = f"{action} by {who or 'nobody'}" + (f" from {address}" if address else "") + f": {target}"
    words += f" and {count - 1:,} more" if count > 1 else ""
    words += f" ({note})" if note else ""
    level = logging.WARNING if action.endswith(FAILED) else logging.INFO
    log.log(level, "%s", words, extra={"deed": parts, "reference": reference.current()})
