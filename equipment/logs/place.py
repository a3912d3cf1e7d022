"""Where people find what is written to standard error: on a console, in a journal, a container's log or a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["found"]

CONTAINER = ("/.dockerenv", "/run/.containerenv")
CGROUP = Path("/proc/self/cgroup")
ANYWHERE = "on its console; as a service, in its log"


def found() -> tuple[str, str]:
    """Say where, as "on its console" after "the server has written", and the command that shows it, or nothing."""
    try:
        here = os.fstat(2)
    except OSError:
        return ANYWHERE, ""
    if os.environ.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}":
        unit = _unit()
        return "in its journal", f"journalctl -u {unit}" if unit else "journalctl"
    if any(Path(sign).exists() for sign in CONTAINER):
        return "in the log of its container", "docker logs CONTAINER"
    if stat.S_ISREG(here.st_mode):
        file = _file()
        return (f"in its log, the file {file}", "") if file else ("in its log file", "")
    return ("on its console" if stat.S_ISCHR(here.st_mode) and os.isatty(2) else ANYWHERE), ""


def _unit() -> str:
    """Name the systemd service that this process belongs to."""
    try:
        parts = CGROUP.read_text("utf-8").split("/")
    except (OSError, UnicodeDecodeError):
        return ""
    return next((part.strip() for part in reversed(parts) if part.strip().endswith(".service")), "")


def _file() -> str:
    try:
        return str(Path("/proc/self/fd/2").readlink())
    except OSError:  # not every system tells it
        return ""
