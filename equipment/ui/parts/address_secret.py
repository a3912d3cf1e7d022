"""A secret behind the # of the page's address: read once and taken away, so that no history keeps it.

A browser sends that part of an address to no server; only a script in the page can read it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

__all__ = ["read"]

# What says that there is a secret goes with it: the page drawn next must not look for one again.
_SCRIPT: Final = """
let read = false
export default function ({ data, setTriggerValue }) {
    if (read) return
    read = true
    const address = new URL(window.location.href)
    const text = address.hash.slice(1)
    address.hash = ""
    address.searchParams.delete(data.parameter)
    window.history.replaceState(window.history.state, "", address.href.replace(/#$/, ""))
    setTriggerValue("secret", text.startsWith(data.before) ? text.slice(data.before.length, 200) : "")
}
"""
_KEY: Final = "address_secret"


def read(parameter: str, before: str, keep: Callable[[str], object]) -> None:
    """Let the browser hand over what stands behind ``before``, to ``keep``, before the page is drawn anew.

    It is empty when nothing stands there. *parameter*, by which the address told of it, is taken away as well.
    """
    def came() -> None:
        secret = st.session_state[_KEY].get("secret")
        keep(secret if isinstance(secret, str) else "")

    _component()(key=_KEY, data={"parameter": parameter, "before": before}, on_secret_change=came)


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("equipment_address_secret", js=_SCRIPT)
