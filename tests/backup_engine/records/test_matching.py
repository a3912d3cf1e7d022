"""Pairing two streams by identity."""

from __future__ import annotations

import random

import bson
import pytest

from backup_engine.records.matching import Pair, pairs


def stream(numbers: list[int], size: int, value: str) -> list[bytes]:
    documents = [bson.encode({"_id": number, "v": value * 20}) for number in numbers]
    return [b"".join(documents[start:start + size]) for start in range(0, len(documents), size)]


def ids(paired: list[Pair]) -> set[tuple[int | None, int | None]]:
    def number(document: bytes | None) -> int | None:
        return None if document is None else bson.decode(document)["_id"]

    return {(number(left), number(right)) for left, right in paired}


@pytest.mark.parametrize("memory", [0, 2_000, 10**9])
@pytest.mark.parametrize("shuffled", [False, True])
def test_every_record_comes_out_exactly_once(memory: int, shuffled: bool) -> None:
    left, right = list(range(700)), list(range(300, 1000))
    if shuffled:
        random.Random(1).shuffle(left)
        random.Random(2).shuffle(right)

    paired = list(pairs(stream(left, 37, "l"), stream(right, 53, "r"), memory=memory))

    expected = {(n if n < 700 else None, n if n >= 300 else None) for n in range(1000)}
    assert ids(paired) == expected
    assert len(paired) == 1000
    assert all(b"l" * 20 in document for document, _ in paired if document)


def test_empty_streams() -> None:
    assert list(pairs([], [])) == []
    assert ids(list(pairs([], stream([1], 1, "r")))) == {(None, 1)}


def test_a_key_that_occurs_twice_loses_nothing() -> None:
    paired = list(pairs(stream([1, 1, 2], 3, "l"), stream([1, 2], 1, "r")))

    assert sorted(ids(paired), key=str) == sorted({(1, 1), (1, None), (2, 2)}, key=str)


@pytest.mark.parametrize("memory", [0, 10**9])
def test_no_record_is_lost_whose_key_stands_three_times(memory: int) -> None:
    def batches(text: str) -> list[bytes]:
        return [b"".join(bson.encode({"_id": word[0], "v": word}) for word in part.split()) for part in text.split("|")]

    came = list(pairs(batches("a1 x y a2 | a3"), batches("y z1 z2 z3 z4"), memory=memory))

    words = sorted(bson.decode(document)["v"] for pair in came for document in pair if document is not None)
    assert words == sorted(["a1", "x", "y", "a2", "a3", "y", "z1", "z2", "z3", "z4"])
