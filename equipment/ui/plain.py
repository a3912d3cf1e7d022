"""Text from elsewhere, shown as it is."""

from __future__ import annotations

import re

__all__ = ["plain"]

MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-.!:$~|<>&@]")


def plain(text: str) -> str:
    """Write text so that Streamlit's Markdown (labels, captions, messages) shows it as it is, in one line."""
    return MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
