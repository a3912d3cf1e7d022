"""The browser behind a User-Agent header, in two words; for people to recognise their own sessions by."""

from __future__ import annotations

from typing import Final

# The order decides: every browser also claims to be the ones below it.
_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(agent: str) -> str:
    """Give for example "Firefox on Windows"; what is not recognised is left out."""
    names = [next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " on ".join(name for name in names if name)
