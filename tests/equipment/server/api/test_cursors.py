"""Cursors come back as they were given, and what is none is said."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, strategies as st

from backup_engine.errors import BadInput
from equipment.server.api import cursors
from equipment.server.api.cursors import Cursor


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(0, 2**31 - 1))
def test_a_cursor_comes_back(key: str, place: int) -> None:
    assert cursors.of_text(cursors.written(Cursor(key, place), {"q": ["x"]}), {"q": ["x"]}) == Cursor(key, place)


@given(st.text(max_size=100))
def test_no_text_is_a_fault_of_the_program(text: str) -> None:
    try:
        assert cursors.of_text(text, {}) == Cursor()
    except BadInput as error:
        assert error.hint


@pytest.mark.parametrize("content", [
    "[]", "[1,2,3]", '["a",-1,"x"]', '["a",1e400,"x"]', "{}", "[" * 2_000, '["a",true,""]',
])
def test_what_is_no_cursor_is_refused(content: str) -> None:
    with pytest.raises(BadInput, match="cursor"):
        cursors.of_text(urlsafe_b64encode(content.encode()).decode(), {})
