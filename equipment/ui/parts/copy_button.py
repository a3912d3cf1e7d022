"""A button that puts a text on the clipboard of whoever presses it, and says so."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

__all__ = ["draw"]

_HTML: Final = '<button type="button"></button><span role="status"></span>'
_CSS: Final = """
button {
    font: inherit; cursor: pointer; padding: 0.4rem 0.9rem; border-radius: var(--st-button-radius, 0.25rem);
    color: var(--st-text-color); background: var(--st-background-color);
    border: 1px solid var(--st-border-color, currentColor);
}
button:hover, button:focus-visible { color: var(--st-link-color); border-color: var(--st-link-color) }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px }
span { margin-left: 0.75rem; color: var(--st-text-color) }
textarea { position: absolute; opacity: 0; height: 1px; width: 1px }
"""
# Browsers have a clipboard for https and this machine alone; elsewhere what is selected is copied the old way.
_SCRIPT: Final = """
const select = (place, text) => {
    const field = document.createElement("textarea")
    field.value = text
    place.append(field)
    field.select()
    const copied = document.execCommand("copy")
    field.remove()
    return copied
}
export default function ({ data, parentElement }) {
    const button = parentElement.querySelector("button"), said = parentElement.querySelector("span")
    button.textContent = data.label
    button.onclick = async () => {
        said.textContent = ""
        const copied = await navigator.clipboard?.writeText(data.text).then(() => true, () => false)
        said.textContent = copied || select(button.parentNode, data.text) ? "Copied" : "Select the text and copy it"
        button.focus()
    }
}
"""


def draw(label: str, text: str, key: str) -> None:
    """Draw the button; ``text`` is all that it copies."""
    _component()(key=key, data={"label": label, "text": text})


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("equipment_copy_button", html=_HTML, css=_CSS, js=_SCRIPT)
