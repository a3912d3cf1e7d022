"""A number and what is counted, as people say it."""

from __future__ import annotations

__all__ = ["number_of"]


def number_of(number: int, noun: str, plural: str = "") -> str:
    """Put them together: ``1 record``, ``1,204 records``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
