"""Texts that somebody takes for the same are folded to the same, and the pattern for the database finds them too."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from backup_engine.records.folding import LONGEST, fold, pattern

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SAME = [
    ("cafe", "Café"), ("cafe", "CAFE\u0301"), ("strasse", "STRASSE"), ("strasse", "Straße"), ("STRASSE", "Stra\u1e9ee"),
    ("pru\u0308fgerät", "Prüfgera\u0308t"), ("u1234a", "Ｕ１２３４Ａ"), ("istanbul", "İstanbul"), ("isik", "ışık"),
    ("lodz", "Łódź"), ("orsted", "Ørsted"), ("aero", "Ærø"), ("fix", "ﬁx"),
    ("5 μω", "5 \u00b5\u2126"), ("100 k", "100 \u212a"),
    ("σισυφος", "ΣΊΣΥΦΟΣ"), ("ежик", "Ёжик"), ("smith's", "Smith’s"), ('"a-b"', "“a–b”"), ("u12", "u\u200b1\u00ad2"),
    ("12", "١٢"), ("м2", "М²"), ("שלום", "שָׁלוֹם"), ("カタカナ", "ｶﾀｶﾅ"), ("lab 2", "lab\u00a02"),
]
APART = [("カ", "ガ"), ("한", "하"), ("a", "b"), ("", "x"), ("ก", "กิ")]


@pytest.mark.parametrize(("typed", "stored"), SAME)
def test_the_same_to_people(typed: str, stored: str) -> None:
    assert fold(typed) == fold(stored)


@pytest.mark.parametrize(("one", "other"), APART)
def test_not_the_same(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("typed", "stored"), [("カ", "ガ"), ("하", "한")])
def test_a_syllable_is_not_found_by_what_it_begins_with(typed: str, stored: str) -> None:
    assert fold(typed) not in fold(stored)


@given(TEXT)
def test_composition_and_folding_once_more_change_nothing(text: str) -> None:
    assert {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {fold(text)}
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("typed", "stored"), [pair for pair in SAME if pair[0] not in (
    "u12", "12", "שלום", "カタカナ", "smith's", '"a-b"', "lab 2")])
def test_the_pattern_finds_what_is_stored(typed: str, stored: str) -> None:
    assert re.search(pattern(typed), f"x {stored}.", re.IGNORECASE)
    assert re.search(pattern(stored), f"x {typed}.", re.IGNORECASE)


@pytest.mark.parametrize("text", ["ŚÞ", "sþ", "ﬆh", "sßs", "ﬀi", "fﬁ", "ﬃ", "ﬃﬃ", "ijĳ"])
def test_the_pattern_finds_characters_for_several_letters_beside_each_other(text: str) -> None:
    for form in ("NFC", "NFD", "NFKD"):
        assert re.search(pattern(text), unicodedata.normalize(form, text), re.IGNORECASE)
    assert re.search(pattern(fold(text)), text, re.IGNORECASE)


@given(TEXT)
def test_the_pattern_finds_the_text_itself(text: str) -> None:
    assert re.search(pattern(text), text, re.IGNORECASE)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\xad"), max_size=20))
def test_the_pattern_finds_letters_with_their_accents_apart(text: str) -> None:
    assert re.search(pattern(text), unicodedata.normalize("NFD", text), re.IGNORECASE)


@pytest.mark.parametrize(("typed", "stored"), [("a.c", "abc"), (".*", "abc"), ("[a]", "a"), ("cafe", "cave")])
def test_the_pattern_takes_everything_literally(typed: str, stored: str) -> None:
    assert not re.search(pattern(typed), stored, re.IGNORECASE)


@pytest.mark.parametrize("text", ["o", "a", "ij", "ﷺ", "ss", "ö", "s", "f", "ffi", "sth"])
def test_a_pattern_is_never_too_long_for_mongodb(text: str) -> None:
    assert len(pattern(text * LONGEST).encode()) < 32_764
