"""What a verification found."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import Verification
from equipment.ui.plain import plain

__all__ = ["show"]


def show(outcome: Verification) -> None:
    """Draw it: green only where every row was read."""
    if outcome.ok and outcome.level < 2:
        st.info(f"{plain(outcome.message)} Needs the key to look inside: choose it under Restore Data and paste the "
                "identity.", icon=":material/key:")
        return
    if outcome.ok:
        st.success(plain(outcome.message), icon=":material/verified:")
        return
    st.error(plain(outcome.message), icon=":material/error:")
    for problem in outcome.problems:
        st.caption(plain(str(problem)))
