"""How many requests for an account wait, for the line at the top; asked every few seconds, not for every page."""

from __future__ import annotations

from itertools import count
from typing import Final

from equipment.glance import Glance
from equipment.store import messages
from equipment.ui.context import App

__all__ = ["counted", "decided"]

_glance: Final = Glance[int]()
_decisions: Final = count(1)
_last_decision = 0


def counted(app: App) -> int:
    """Give how many wait, as it was within the last seconds; 0 for whoever does not decide."""
    if not app.may("users.manage"):
        return 0
    about = (id(app.database.client), app.database.name, _last_decision)
    return _glance.get(about, lambda: messages.waiting_sign_ups(app.database)) or 0


def decided() -> None:
    """Let the next page count anew: somebody was let in or declined here."""
    global _last_decision
    _last_decision = next(_decisions)
