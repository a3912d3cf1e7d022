"""Where this page is shown."""

from __future__ import annotations

import streamlit as st

from equipment.accounts.login import Visitor


def visitor() -> Visitor:
    """Say where this page is shown, for the log and the lock-out."""
    return Visitor(st.context.ip_address or "local", str(st.context.headers.get("User-Agent", ""))[:200])
