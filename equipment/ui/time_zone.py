"""Whose clock times are shown by: that of whoever reads them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from backup_engine.api import BadInput, check_zone

__all__ = ["called", "of_reader", "of_server", "shown_time"]


def of_reader() -> tzinfo | None:
    """Give the time zone of the browser; None, which is this server's, where it does not tell one."""
    try:
        return ZoneInfo(check_zone(st.context.timezone or ""))
    except (BadInput, ValueError):  # ValueError: the name is empty
        return None


def called(zone: tzinfo | None) -> str:
    """Name it: ``Europe/Berlin``, or ``this server's time``."""
    return zone.key if isinstance(zone, ZoneInfo) else "this server's time"


def shown_time(when: datetime) -> str:
    """Put an aware moment in words, to the minute, by the reader's clock."""
    return f"{when.astimezone(of_reader()):%Y-%m-%d %H:%M}"


def of_server(now: datetime) -> str:
    """Name this server's time, such as ``this server's time, UTC``, where the reader's clock shows another at ``now``;
    else nothing."""
    here = now.astimezone(None)
    return "" if here.utcoffset() == now.astimezone(of_reader()).utcoffset() else f"this server's time, {here.tzname()}"
