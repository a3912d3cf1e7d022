"""What somebody is told of: the troubles of an installation and what was done to it, with how grave each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

__all__ = ["KINDS", "RESTORED", "SEVERITIES", "Kind", "Severity", "at_least"]

Severity = Literal["info", "warning", "error"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


@dataclass(frozen=True)
class Kind:
    """One kind of trouble, in words."""

    severity: Severity
    title: str
    over: str
    """What is said when it is over."""
    patience: timedelta = timedelta(0)
    """How long it has to last before anybody is told: a server that is started anew is no trouble."""


RESTORED: Final = "restored"
"""What was done to the list: told once, and never over."""
KINDS: Final[dict[str, Kind]] = {
    # a machine that was off over the weekend makes its backup first
    "overdue": Kind("error", "No good backup for two intervals", "A good backup is there again", timedelta(minutes=5)),
    "backup": Kind("error", "A backup failed", "Backups succeed again"),
    "verify": Kind("error", "A backup is damaged", "No backup is damaged any more"),
    "drill": Kind("error", "A restore drill failed", "A restore drill succeeded again"),
    "upload": Kind("warning", "Backups do not reach a remote", "The remote gets backups again", timedelta(minutes=5)),
    "retention": Kind("warning", "Retention is suspended", "Retention goes on"),
    "disk": Kind("error", "The disk is nearly full", "There is room on the disk again"),
    "database": Kind("error", "The database cannot be reached", "The database is reached again", timedelta(minutes=2)),
    "sign_up": Kind("info", "Somebody waits for an account", "Nobody waits for an account any more"),
    RESTORED: Kind("warning", "Data was restored", ""),
}


def at_least(severity: Severity, least: Severity) -> bool:
    """Whether something of that severity is for a channel that wants ``least``."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
