"""Names of objects, and words of strangers."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from backup_engine.remotes.base import check_key, is_key, plain


@pytest.mark.parametrize("key", ["a", "data/0f/x.csv.gz.age", "claims/000001.json", "a-b_c/D.1"])
def test_keys(key: str) -> None:
    assert check_key(key) == key and is_key(key)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/.b", "a b", "ä", "a\n", "a" * 513])
def test_what_is_no_key(key: str) -> None:
    assert not is_key(key)
    with pytest.raises(BadInput):
        check_key(key)


def test_words_of_strangers() -> None:
    assert plain(" [a](b) <i>\x1b[31mred\x07\nsecond") == "(a)(b) (i) (31mred "
    assert plain("x" * 500) == "x" * 300
