"""The sum of a content says whether records are the same, whatever their order and however they were divided."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from hashlib import sha256

import bson
import pytest
from hypothesis import given, settings, strategies as st

from backup_engine.errors import VerificationFailed
from backup_engine.model import Part
from backup_engine.records.content_sum import MODULUS, Content, digest, digests, same_content
from tests.backup_engine.bson_corpus import corpus

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "500"))
CORPUS = list(corpus().values())
DOCUMENTS = st.lists(st.sampled_from(CORPUS), max_size=30)


def part_of(content: Content) -> Part:
    """What metadata would say of it."""
    return Part("equipment", "Equipment", "x.csv", content.records, content_sha256=content.hex)


def test_it_is_what_the_format_says() -> None:
    total = sum(int(sha256(document).hexdigest(), 16) for document in CORPUS)

    content = Content.of(CORPUS)

    assert total > MODULUS, "the sum runs over"
    assert (content.records, content.hex) == (len(CORPUS), f"{total % 2**256:064x}")


def test_no_records_are_64_zeros() -> None:
    assert Content.of([]) == Content() == Content.of_batches([])
    assert Content().hex == "0" * 64
    assert Content().matches(part_of(Content()))


@settings(max_examples=EXAMPLES, deadline=None)
@given(DOCUMENTS.flatmap(lambda documents: st.tuples(st.just(documents), st.permutations(documents))))
def test_the_order_does_not_matter(orders: tuple[list[bytes], list[bytes]]) -> None:
    documents, shuffled = orders

    assert Content.of(documents) == Content.of(shuffled)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(DOCUMENTS, max_size=5))
def test_the_parts_together_are_the_whole(parts: list[list[bytes]]) -> None:
    whole = Content.of([document for part in parts for document in part])

    assert sum(map(Content.of, parts), Content()) == whole
    assert Content.of_batches(map(b"".join, parts)) == whole
    assert Content.of_digests([summand for part in parts for summand in digests(part)]) == whole
    for part in parts:
        assert whole - Content.of(part) + Content.of(part) == whole


@settings(max_examples=EXAMPLES, deadline=None)
@given(DOCUMENTS.filter(bool), st.data())
def test_one_changed_byte_does_not_match(documents: list[bytes], data: st.DataObject) -> None:
    part = part_of(Content.of(documents))
    number = data.draw(st.integers(0, len(documents) - 1))
    changed = bytearray(documents[number])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))

    assert Content.of(documents).matches(part)
    assert not Content.of([*documents[:number], bytes(changed), *documents[number + 1 :]]).matches(part)


def test_another_number_of_records_does_not_match() -> None:
    content = Content.of(CORPUS)

    assert not content.matches(replace(part_of(content), records=content.records + 1))
    assert not Content.of(CORPUS[1:]).matches(part_of(content))
    assert not Content.of([*CORPUS, CORPUS[0]]).matches(part_of(content))


def test_a_changed_record_is_taken_off_and_added() -> None:
    old, new = CORPUS[3], bson.encode({"_id": 3, "new": True})

    content = Content.of_part(part_of(Content.of(CORPUS))) - Content.of([old]) + Content.of_digests([digest(new)])

    assert content == Content.of([new, *CORPUS[:3], *CORPUS[4:]])


def test_a_legacy_set_promises_nothing() -> None:
    legacy = Part("equipment", "Equipment", "x.csv", 0)

    assert not Content().matches(legacy)
    assert not same_content(legacy, legacy)
    with pytest.raises(ValueError, match="invalid literal"):
        Content.of_part(legacy)


def test_sets_of_the_same_records_have_the_same_content() -> None:
    part, reversed_part = part_of(Content.of(CORPUS)), part_of(Content.of(CORPUS[::-1]))

    assert same_content(part, replace(reversed_part, file="y.csv"))
    assert not same_content(part, replace(reversed_part, records=reversed_part.records - 1))
    assert not same_content(part, part_of(Content.of(CORPUS[1:])))


def test_a_batch_that_is_cut_short_has_no_sum() -> None:
    with pytest.raises(VerificationFailed):
        Content.of_batches([CORPUS[0], CORPUS[1][:-1]])


def test_it_comes_back_from_a_worker_process() -> None:
    content = Content.of(CORPUS)

    assert pickle.loads(pickle.dumps(content)) == content
