"""BSON is taken apart without loss, and damaged bytes are refused, never walked out of or round for ever."""

from __future__ import annotations

import os
from struct import pack

import bson
import pytest
from bson import ObjectId
from hypothesis import given, settings, strategies as st

from backup_engine.errors import BackupError, VerificationFailed
from backup_engine.records import raw
from tests.backup_engine.bson_corpus import VALUES, corpus, document, element, wide

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "500"))
CORPUS = corpus()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with some of its bytes replaced, added or left out."""
    bytes_ = bytearray(draw(st.sampled_from(list(CORPUS.values()))))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(bytes_)))
        bytes_[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(bytes_)


@pytest.mark.parametrize("name", CORPUS)
def test_elements_of_every_type_build_the_same_document(name: str) -> None:
    assert raw.build(raw.elements(CORPUS[name])) == CORPUS[name]


def test_elements_gives_names_and_types_in_order() -> None:
    made = bson.encode({"_id": 1, "a": "x", "": None, "A": {"b": True}})

    assert raw.elements(made) == [
        (b"_id", b"\x10\1\0\0\0"), (b"a", b"\x02\2\0\0\0x\0"), (b"", b"\x0a"),
        (b"A", b"\x03" + bson.encode({"b": True})),
    ]


@pytest.mark.parametrize("body", [
    b"\x99a\0", b"\x02a\0\xff\xff\0\0", b"\x01a\0\0", b"\x02a", b"\x02a\0\xf0\xff\xff\xff", b"\x02a\0\1",
    b"\x0ba\0x\0x", b"\x0ba\0x", b"\x05a\0\xfb\xff\xff\xff\0", b"\x03a\0\xfd\xff\xff\xff",
])
def test_elements_refuses_what_is_not_bson(body: bytes) -> None:
    with pytest.raises(VerificationFailed):
        raw.elements(document(body))


@pytest.mark.parametrize("whole", [
    b"", b"\5", b"\5\0\0\0", b"\4\0\0\0\0", b"\6\0\0\0\0", b"\xff\xff\xff\xff\0", document() + b"\0", document() * 2])
def test_elements_refuses_a_document_of_another_length(whole: bytes) -> None:
    with pytest.raises(VerificationFailed):
        raw.elements(whole)


@settings(max_examples=EXAMPLES, deadline=None)
@given(damaged() | st.binary(max_size=40))
def test_damaged_bytes_are_refused_or_nothing_of_them_is_lost(damaged: bytes) -> None:
    try:
        laid = raw.elements(damaged)
    except VerificationFailed:
        return
    assert raw.build(laid)[:-1] == damaged[:-1]


@settings(max_examples=EXAMPLES, deadline=None)
@given(damaged(), st.binary(max_size=9), st.binary(max_size=9))
def test_places_in_a_larger_piece_are_those_of_the_document_alone(inner: bytes, before: bytes, after: bytes) -> None:
    try:
        alone = raw.elements(inner)
    except VerificationFailed:
        return
    data = before + inner + after

    laid = raw.places(data, len(before))

    assert [(data[start + 1 : value - 1], data[start : start + 1] + data[value:stop])
            for start, value, stop in laid] == alone


@pytest.mark.parametrize("cut", [1, 3, 4, 7])
def test_a_batch_that_is_cut_short_is_refused(cut: int) -> None:
    whole = bson.encode({"a": 1}) * 2

    assert raw.documents_of(whole) == [bson.encode({"a": 1})] * 2
    with pytest.raises(VerificationFailed):
        raw.documents_of(whole[:-cut])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(damaged() | st.sampled_from(list(CORPUS.values())) | st.builds(pack, st.just("<i"), st.integers(-9, 9)),
                max_size=4))
def test_a_batch_is_refused_or_cut_without_loss(pieces: list[bytes]) -> None:
    batch = b"".join(pieces)
    try:
        documents = raw.documents_of(batch)
    except VerificationFailed:
        return
    assert b"".join(documents) == batch
    assert all(len(cut) == int.from_bytes(cut[:4], "little") >= raw.SMALLEST for cut in documents)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 99, 100, 101, 1_001])
def test_documents_are_cut_out_of_an_array_of_any_length(count: int) -> None:
    documents = [bson.encode({"_id": number, "a": "x" * (number % 7)}) for number in range(count)]
    array = bson.encode({str(number): bson.decode(encoded) for number, encoded in enumerate(documents)})

    assert raw.documents_in(array, 0) == documents
    assert raw.documents_in(b"before" + array + b"after", 6) == documents


ARRAY = bson.encode({"0": {"a": 1}, "1": {"b": 2}})


@pytest.mark.parametrize("damaged", [
    ARRAY[:-4], ARRAY[:6], pack("<i", len(ARRAY) - 4) + ARRAY[4:], pack("<i", len(ARRAY) + 4) + ARRAY[4:] + bytes(4),
    *(ARRAY[:7] + pack("<i", size) + ARRAY[11:] for size in (0, 4, -3, -12, 2**31 - 1)),
])
def test_an_array_that_is_not_whole_documents_is_refused(damaged: bytes) -> None:
    assert raw.documents_in(ARRAY, 0) == [bson.encode({"a": 1}), bson.encode({"b": 2})]
    with pytest.raises(VerificationFailed):
        raw.documents_in(damaged, 0)


@pytest.mark.parametrize("name", VALUES)
def test_the_id_of_every_type_is_found_wherever_it_stands(name: str) -> None:
    kind, value = VALUES[name]
    identity, field = element(kind, "_id", value), element(0x10, "a", bytes(4))

    assert raw.id_of(document(identity, field)) == bytes([kind]) + value
    assert raw.id_of(document(field, identity)) == bytes([kind]) + value


@pytest.mark.parametrize("body", [b"\x07_id\0" + bytes(11), b"\x10_id\0\1", b"\x02_id\0\x09\0\0\0a\0", b"\x99_id\0"])
def test_an_id_that_reaches_beyond_its_document_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationFailed):
        raw.id_of(document(body))


def test_a_record_without_an_id_is_no_record() -> None:
    with pytest.raises(BackupError, match="without _id"):
        raw.id_of(bson.encode({"a": ObjectId()}))


def test_an_id_is_put_first_and_nothing_else_moves() -> None:
    assert raw.id_first(bson.encode({"a": 1, "b": 2})) == bson.encode({"a": 1, "b": 2})
    assert raw.id_first(CORPUS["_id last"]) == raw.build(raw.elements(CORPUS["_id last"])[::-1])
    assert raw.id_first(wide(20)) == wide(20)


def test_zero_timestamps_are_found_at_the_top_only() -> None:
    zero = element(0x11, "t", bytes(8))

    assert raw.has_zero_timestamp(document(zero))
    assert raw.has_zero_timestamp(CORPUS["two zero timestamps"])
    assert raw.has_zero_timestamp(document(element(0x02, "s", b"\2\0\0\0\xff\0"), zero))
    assert not raw.has_zero_timestamp(document(element(0x03, "d", document(zero))))
    assert not raw.has_zero_timestamp(document(element(0x12, "\x11", bytes(8))))


BROKEN = raw.element_of("abcd").replace(b"abcd", b"a\xffcd")


@pytest.mark.parametrize("identity", [
    BROKEN, raw.element_of("a\ufffdcd"), raw.element_of({"a": "x"}).replace(b"x\0", b"\xff\0"),
    raw.element_of(bson.DatetimeMS(253402300800000)), raw.element_of(bson.DatetimeMS(-(2**63))), raw.element_of("~x"),
    raw.element_of('~{"$bson": "eA=="}'), raw.element_of(None),
], ids=str)
def test_the_text_of_an_id_leads_back_to_it(identity: bytes) -> None:
    text = raw.id_text(identity)

    assert raw.id_from_text(text) == identity
    assert text.isprintable()


@pytest.mark.parametrize("text", ['~{"$bson": "%%%"}', '~{"$bson": ""}', '~{"$bson": "AgAA"}', '~{"$bson": 5}'])
def test_the_text_of_no_id_is_a_string(text: str) -> None:
    assert raw.id_from_text(text) == raw.element_of(text)


def test_what_is_not_utf8_shows_as_replacement_characters() -> None:
    assert raw.element_text(BROKEN) == "a\ufffdcd"
    assert raw.value_of(raw.element_of({"abcd": 1}).replace(b"abcd", b"a\xffcd")) == {"a\ufffdcd": 1}
