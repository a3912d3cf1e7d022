"""Instants as MongoDB keeps them: UTC, whole milliseconds, always aware."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give this instant, rounded down to what MongoDB can store."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def aware(value: datetime) -> datetime:
    """Give *value* with its zone; a client that is not ``tz_aware`` reads UTC without saying so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)
