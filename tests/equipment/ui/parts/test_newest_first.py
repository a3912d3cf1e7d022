"""The rest of a long list is folded away, and none of it is lost."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from equipment.ui.parts.newest_first import SHOWN


def _page(count):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.ui.parts import newest_first

    newest_first.draw(list(range(count)), lambda some: st.text(", ".join(map(str, some))))


def shown(count: int) -> tuple[list[str], list[str]]:
    """Give the lines of the page, those that are folded included, and the labels of what is folded."""
    test = AppTest.from_function(_page, args=(count,)).run()
    return [text.value for text in test.text], [each.label for each in test.expander]


def test_a_short_list_is_whole() -> None:
    assert shown(SHOWN) == ([", ".join(map(str, range(SHOWN)))], [])


def test_the_rest_is_folded_away() -> None:
    lines, folded = shown(SHOWN + 2)

    assert ", ".join(lines) == ", ".join(map(str, range(SHOWN + 2)))
    assert folded == ["Earlier (2)"]
