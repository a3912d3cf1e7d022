"""The address in a label's code: where a phone that scans it goes."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit

from backup_engine.errors import BadInput

LONGEST = 300
"""Characters; the code of a longer one has squares too small to print."""


def of_record(base: str, key: str) -> str:
    """Give the address that opens a record of the app at ``base``."""
    return f"{base.rstrip('/')}/?id={quote(key, safe='')}"


def checked(base: str) -> str:
    """Give the app's address without blanks around it; raises ``BadInput`` unless a phone could open it."""
    base = base.strip()
    parts = _split(base)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not base.isprintable():
        raise BadInput(
            "The address of the app is not a web address.",
            hint="Give it as people type it, such as https://equipment.example.org.",
        )
    if len(base) > LONGEST or parts.username or parts.password or parts.query or parts.fragment or " " in base:
        raise BadInput(
            "The address of the app holds more than where it is.",
            hint=f"Leave out names, passwords, and all from a ? or # on; at most {LONGEST} characters.",
        )
    return base


def only_here(base: str) -> bool:
    """Whether the address leads every device to itself: localhost, 127.0.0.1, 0.0.0.0, ::1."""
    parts = _split(base.strip())
    host = (parts.hostname or "").rstrip(".") if parts else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _split(base: str) -> SplitResult | None:
    try:
        parts = urlsplit(base)
        parts.port  # noqa: B018 — raises for a port that is none
    except ValueError:
        return None
    return parts
