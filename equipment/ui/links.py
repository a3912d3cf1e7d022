"""Where a link on the page leads: the one place that knows how the browser reaches our routes."""

from __future__ import annotations

import streamlit as st

from equipment.server import prefix
from equipment.settings import Settings

__all__ = ["app_address", "to"]


def to(path: str) -> str:
    """Give the link to a route of ours, such as ``/list.csv``, relative to the page.

    Streamlit's page loads its own scripts the same way. So a link works wherever the page has come up, under whatever
    prefix the browser sees, also one that a proxy takes off and nobody has told this server of.
    """
    return "./" + path.lstrip("/")


def app_address(settings: Settings) -> str:
    """Give the address of this app for use outside the page: the public one, else the one in this browser."""
    here = str(st.context.url or "http://127.0.0.1:8501" + prefix.served())
    return prefix.public_address(settings) or here.split("?")[0].rstrip("/")
