"""What happened to a thing, the newest first: some of it stands on the page, the rest is folded away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import streamlit as st

__all__ = ["SHOWN", "draw"]

SHOWN: Final = 10
"""That stand on the page."""
Each = TypeVar("Each")


def draw(found: Sequence[Each], lines: Callable[[Sequence[Each]], None]) -> None:
    """Draw all of them with ``lines``, which draws some."""
    lines(found[:SHOWN])
    if len(found) > SHOWN:
        with st.expander(f"Earlier ({len(found) - SHOWN})"):
            lines(found[SHOWN:])
