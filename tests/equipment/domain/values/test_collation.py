"""The order that people expect, and texts compared as they look."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from backup_engine.records.folding import fold
from equipment.domain.values.collation import BLANK, LONGEST, composed, folded, in_order, ranks


def column(*texts: str) -> pa.Array:
    return pa.array(texts, pa.large_string())


@pytest.mark.parametrize("ordered", [
    ["9.9.9.9", "10.0.0.9", "10.0.0.10", "bench 1", "bench 2", "bench 10"],
    ["CAL-1", "CAL-2", "CAL-10"],
    ["Affe", "Äpfel", "Arbor", "Ärger", "Avocado", "Zebra", "Ωmega"],
    ["éclair", "Émile", "Eve", "eve"],
    ["Öl 2", "Öl 10", "Olm"],
    ["_a", "#1", "°C", "€ 5", "0", "1", "007", "7", "8", "10", "a"],
    ["a", "a 2", "A1", "a1b", "ab"],
    ["v1.9", "v1.10", "v1.10.1"],
    ["9" * 60, "a"],
    ["x9" + "0" * 30, "x10" + "0" * 30],
    ["S 1", "Ｓ ２", "S 3"],
    ["ss", "ß", "st"],
])
def test_order(ordered: list[str]) -> None:
    shuffled = random.Random(7).sample([*ordered, "", " "], len(ordered) + 2)

    assert in_order(shuffled)[: len(ordered)] == ordered


def test_blank_texts_are_last_and_equal_texts_share_a_place() -> None:
    b, empty, a, blank, b_again = ranks(column("b", "", "a", " \t", "b")).tolist()

    assert a < b == b_again < empty == blank == BLANK
    assert ranks(column()).tolist() == []


def test_things_with_the_same_text_stay_as_they_came() -> None:
    assert in_order([("b", 1), ("a", 2), ("b", 0)], lambda pair: pair[0]) == [("a", 2), ("b", 1), ("b", 0)]


def by_hand(text: str) -> list[tuple[int, int, str]]:
    """The order of texts of digits, blanks, points and letters, slowly."""
    parts: list[tuple[int, int, str]] = []
    number = ""
    for character in [*fold(text).strip(), ""]:
        if character.isdigit():
            number += character
            continue
        if number:
            parts.append((1, int(number), ""))
            number = ""
        if character:
            parts.append(((0 if character in " ." else 2), 0, character))
    return parts


@given(st.lists(st.text("0019 .abä", max_size=12), max_size=8), st.integers(0, 3))
def test_the_order_of_a_part_of_a_column_is_the_order_by_hand(texts: list[str], left_out: int) -> None:
    part = column("zz00", *texts, "1")[1 + left_out : len(texts) + 1]

    assert sorted(part.to_pylist(), key=lambda text: (not text.strip(), by_hand(text), text)) == [
        text for _, text in sorted(zip(ranks(part).tolist(), part.to_pylist(), strict=True))]


def test_of_very_long_texts_the_beginning_decides_then_all_of_it() -> None:
    long = "x" * LONGEST

    assert in_order([long + "b", long + "a", "y", "w"]) == ["w", long + "a", long + "b", "y"]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=6))
def test_a_column_is_folded_text_by_text(texts: list[str]) -> None:
    assert folded(column(*texts)).to_pylist() == [fold(text) for text in texts]


def test_what_looks_the_same_is_the_same() -> None:
    assert len(set(composed(column("Prüf", "Pru\u0308f", "x")).to_pylist())) == 2
