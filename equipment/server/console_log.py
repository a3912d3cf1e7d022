"""The log of a process of this installation: as its options say, and without its secrets."""

from __future__ import annotations

import os

from equipment.logs import console
from equipment.settings import Settings, option_name, secrets_of

__all__ = ["begin", "begin_with"]

SERVER, COMMAND = "info", "warning"
"""What is logged where no level is chosen: a command answers on the standard output, and cron mails all the rest."""


def begin(*, command: bool = False) -> None:
    """Log before the options are known, or where they cannot be used: as the environment says."""
    form, level = (os.environ.get(option_name(field), "").lower() for field in ("log_format", "log_level"))
    console.start(form, level or (COMMAND if command else SERVER), deeds=bool(level) or not command)


def begin_with(settings: Settings, *, command: bool = False) -> None:
    """Log as these options say, and never their secrets."""
    console.hide(secrets_of(settings))
    level = settings.log_level or (COMMAND if command else SERVER)
    console.start(settings.log_format, level, deeds=bool(settings.log_level) or not command)
