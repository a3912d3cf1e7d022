"""What each role may do, in words; which role may do what is read from ``domain.roles``."""

from __future__ import annotations

import streamlit as st

from equipment.domain.roles import ROLES, abilities_of

__all__ = ["show"]


def show() -> None:
    """Draw one line for each role."""
    with st.expander("What each role may do", icon=":material/rule:"):
        st.text("\n".join(f"{role}: {'as the one above, and ' if place else ''}{'; '.join(abilities_of(role))}."
                          for place, role in enumerate(ROLES)))
