"""An errand of the browser: it carries a single-use ticket to a route of ours, which sets or clears the cookie."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

__all__ = ["send"]

# No server-side code can set a cookie over the page's web socket. The script does not report back: what a component
# sends right before a click goes out in one message with it, and Streamlit 1.67 then runs only the fragment of the
# component, not the page.
_SCRIPT: Final = """
const sent = new Set()
export default function ({ data }) {
    if (sent.has(data.ticket)) return
    sent.add(data.ticket)
    fetch(new URL(data.path, document.baseURI), { method: "POST", body: data.ticket, credentials: "same-origin" })
        .catch(() => sent.delete(data.ticket))
}
"""


def send(key: str, path: str, ticket: str) -> None:
    """Let the browser post ``ticket`` to ``path``, once however often this is drawn under the same ``key``."""
    _component()(key=key, data={"path": path, "ticket": ticket})


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("equipment_errand", js=_SCRIPT)
