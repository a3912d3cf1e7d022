"""How wide the window is: wide until the browser has said otherwise, and asked under one key."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from equipment.ui.parts import window


def _script() -> None:
    import streamlit as st

    from equipment.ui.parts import window

    st.write("narrow" if window.is_narrow() else "wide")


@pytest.mark.parametrize(("told", "words"), [(None, "wide"), (False, "wide"), (True, "narrow")])
def test_it_is_wide_until_the_browser_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, told: bool | None, words: str
) -> None:
    drawn = list[dict[str, Any]]()
    monkeypatch.setattr(window, "_component", lambda: lambda **given: drawn.append(given))
    test = AppTest.from_function(_script)
    if told is not None:
        test.session_state["window_width"] = {"narrow": told}

    test.run()

    assert [each.value for each in test.markdown] == [words]
    (given,) = drawn
    assert (given["key"], given["data"]) == ("window_width", {"below": 480, "known": bool(told)})
