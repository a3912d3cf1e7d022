"""Whose clock times are shown by: that of whoever reads them."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from backup_engine.api import BadInput, check_zone

__all__ = ["called", "of_reader"]


def of_reader() -> tzinfo | None:
    """Give the time zone of the browser; None, which is this server's, where it does not tell one."""
    try:
        return ZoneInfo(check_zone(st.context.timezone or ""))
    except (BadInput, ValueError):  # ValueError: the name is empty
        return None


def called(zone: tzinfo | None) -> str:
    """Name it: ``Europe/Berlin``, or ``this server's time``."""
    return zone.key if isinstance(zone, ZoneInfo) else "this server's time"
