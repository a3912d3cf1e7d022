"""Names are one line of ordinary characters, and all spellings of one have one key."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.domain.names import clean_name, name_key


@pytest.mark.parametrize(("typed", "name"), [
    ("Ada", "Ada"), ("  Ada   Lovelace ", "Ada Lovelace"), ("o'neill", "o'neill"), ("Ａｄａ", "Ada"), ("李明", "李明"),
    ("Ada@lab.example", "Ada@lab.example"), ("Zoe\u0308", "Zoë"), ("x" * 64, "x" * 64),
])
def test_taken(typed: str, name: str) -> None:
    assert clean_name(typed) == name


@pytest.mark.parametrize("typed", [
    "", "   ", "x" * 65, "x" * 10_000, "a\x00b", "a\nb", "a\tb", "a\x1bb", "a\u202eb", "a\u200bb", "<b>x</b>", "a&b",
    "$where", "-dash", ".dot", "a/b", "a\\b", 'a"b', "\ud800", "*", "(x)", "a\u2028b", "=1+1", "[x](y)", "`x`", "a:b",
])
def test_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        clean_name(typed)


@pytest.mark.parametrize("typed", ["ADA", " ada ", "ａｄａ", "Ada"])
def test_one_key(typed: str) -> None:
    assert name_key(typed) == "ada"


def test_a_key_is_made_of_anything() -> None:
    assert len(name_key("\x00<b>" * 100_000)) < 10_000
