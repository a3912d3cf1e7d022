"""Which clock a schedule goes by: a zone of the IANA database, with its daylight saving."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from reprlib import repr as short
from zoneinfo import ZoneInfo, available_timezones

from backup_engine.errors import BadInput

__all__ = ["LOCAL_TIME", "check_zone", "machine_zone", "names", "zone"]

LOCAL_TIME = Path("/etc/localtime")


def check_zone(value: object) -> str:
    """Give the name of a zone; empty means the machine's. Raises ``BadInput`` for one that nobody knows."""
    name = value.strip() if isinstance(value, str) else value
    if name == "" or (isinstance(name, str) and _known(name)):
        return name
    raise BadInput(f"There is no time zone {short(value)}.",
                   hint="Name it as in Europe/Berlin, America/New_York or UTC; leave it out for that of this machine.")


def zone(name: str, now: datetime) -> tzinfo:
    """Give the zone of that name, else the machine's. Where the machine does not tell, the offset of ``now`` counts."""
    if name and _known(name):
        return ZoneInfo(name)
    own = machine_zone()
    return ZoneInfo(own) if own else now.tzinfo or UTC


@cache
def machine_zone() -> str:
    """Name the zone of this machine: by ``TZ``, else by where ``/etc/localtime`` leads; empty where neither tells."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named:
        return named if _known(named) else ""
    with suppress(OSError, ValueError):
        parts = LOCAL_TIME.resolve(strict=True).parts
        name = "/".join(parts[parts.index("zoneinfo") + 1:]).removeprefix("posix/")
        return name if _known(name) else ""
    return "" if LOCAL_TIME.exists() or os.name == "nt" else "UTC"  # without that file a machine counts in UTC


@cache
def names() -> tuple[str, ...]:
    """Every zone that may be named, in alphabetical order."""
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


@cache
def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    # not found; no name at all ("../x", a NUL), a folder of zones ("Europe"), one that is no file of zones
    except (KeyError, ValueError, OSError):
        return False
    return True
