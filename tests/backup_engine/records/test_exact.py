"""Every BSON document comes back byte for byte."""

from __future__ import annotations

import csv
import io
import math
import os
from typing import Any

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import HealthCheck, example, given, settings, strategies as st

from backup_engine.records import exact
from tests.backup_engine.bson_corpus import STRINGS, corpus, document, element, large, wide
from tests.backup_engine.files import returned, written

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "500"))
CORPUS = corpus()


def test_the_corpus_together_comes_back_exactly() -> None:
    documents = list(CORPUS.values())

    assert returned(*written(documents)) == documents


@pytest.mark.parametrize("name", CORPUS)
def test_each_document_alone_comes_back_exactly(name: str) -> None:
    assert returned(*written([CORPUS[name]])) == [CORPUS[name]]


@pytest.mark.parametrize("odd", [wide(20_000), large(16 * 2**20)], ids=["20,000 fields", "16 MiB"])
def test_a_huge_document_comes_back_among_others(odd: bytes) -> None:
    documents = [CORPUS["only _id"], odd, CORPUS["order abc"]]

    assert returned(*written(documents)) == documents


def test_what_the_bson_route_is_for() -> None:
    """Only documents that nothing else carries lose their readable form."""
    rescued = {name for name, raw in CORPUS.items() if written([raw])[1].rescued}

    assert {"value undefined", "value symbol", "value DBPointer", "duplicate keys", "value user $oid",
            "value string invalid UTF-8", "value double NaN payload", "field with invalid UTF-8"} <= rescued
    assert not {"value double NaN", "value infinity inside", "order cba", "value binary 128", "field '$oid'",
                "value 100 levels", "value date most", "field '~'"} & rescued


NAMES = st.sampled_from(["_id", "a", "b", "c", "d", "", "$oid", "$x", "a.b", "~", "=x"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.integers(-(2**63), 2**63 - 1).map(Int64)
    | st.floats(allow_nan=True) | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(list(STRINGS.values()))
    | st.binary(max_size=20) | st.builds(Binary, st.binary(max_size=20), st.sampled_from([1, 3, 4, 5, 128]))
    | st.binary(min_size=12, max_size=12).map(ObjectId) | st.integers(-(2**63), 2**63 - 1).map(DatetimeMS)
    | st.integers(0, 2**40).map(DatetimeMS) | st.decimals(places=3, min_value=-(10**9), max_value=10**9).map(Decimal128)
    | st.builds(Decimal128, st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)))
    | st.builds(Timestamp, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
    | st.builds(Regex, st.sampled_from(["", "a.b", '"']), st.integers(0, 127).map(lambda flags: flags & ~1))
    | st.builds(Code, st.text("ab=", max_size=5), st.none() | st.dictionaries(st.sampled_from("a$"), st.integers(0, 9)))
    | st.just(MinKey()) | st.just(MaxKey()) | st.just(math.nan),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=8).map(lambda fields: bson.encode({"": fields})[6:-1])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with some of its bytes replaced: right length, anything inside."""
    raw = bytearray(draw(DOCUMENTS))
    for _ in range(draw(st.integers(1, 3))):
        if len(raw) > 5:
            raw[draw(st.integers(4, len(raw) - 2))] = draw(st.integers(0, 255))
    return bytes(raw)


LIKE_AN_OBJECT_ID = document(
    element(0x0A, "a"), element(0x03, "_id", document(element(0xFF, "$oid"))))
"""Kept as its bytes because ``_id`` is last; its legible cells must not claim to be Extended JSON."""


LENGTH_OF_A_DOLLAR = document(element(0x0A, "_id"), element(0x03, "a", document(element(0xFF, "$oid"))),
                              element(0x05, "b", bytes.fromhex("040000000000000000")))
"""36 bytes long, so that its first byte is a ``$``."""


@example([LIKE_AN_OBJECT_ID])
@example([LENGTH_OF_A_DOLLAR])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DOCUMENTS | damaged(), max_size=3))
def test_random_documents_come_back_exactly(documents: list[bytes]) -> None:
    stored, result = written(documents)

    assert returned(stored, result) == documents
    assert_inert(stored)


@pytest.mark.parametrize("documents", [[*CORPUS.values()], [LIKE_AN_OBJECT_ID], [LENGTH_OF_A_DOLLAR]],
                         ids=["corpus", "like an object id", "length of a dollar"])
def test_the_encoder_alone_keeps_documents_without_a_proof(documents: list[bytes]) -> None:
    stored, result = written(documents, prove=False)

    assert returned(stored, result) == documents


def assert_inert(stored: bytes) -> None:
    """No cell begins as a formula does, unless it is a negative number."""
    for row in csv.reader(io.StringIO(stored.decode(), newline="")):
        for cell in row:
            assert "\r" not in cell
            assert not cell.startswith(("=", "+", "@", "\t", "\r"))
            assert not cell.startswith("-") or is_number(cell)


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_the_corpus_is_inert_in_a_spreadsheet() -> None:
    assert_inert(written(list(CORPUS.values()))[0])


def test_a_csv_reader_that_knows_nothing_of_us_sees_the_texts() -> None:
    texts = [text for text in STRINGS.values() if text and text[0] not in "~=+-@\t" and not {"\r", "\0"} & set(text)]
    stored, _ = written([bson.encode({"_id": number, "text": text}) for number, text in enumerate(texts)])

    rows = list(csv.reader(io.StringIO(stored.decode(), newline="")))
    assert rows[0] == ["_id", "text", "~"]
    assert [row[1] for row in rows[1:]] == texts


def test_cells_say_what_the_format_promises() -> None:
    fields: dict[str, Any] = {
        "_id": ObjectId("5f5e7f8f8f8f8f8f8f8f8f8f"), "s": "a, b", "i": -5, "l": Int64(7), "d": 0.1, "b": True,
        "t": DatetimeMS(1500), "m": Decimal128("1.10"), "u": Binary(bytes(16), 4), "j": {"a": [1, 2.0, Int64(3)]},
    }
    mixed = dict.fromkeys(fields) | {"s": "", "i": Int64(5), "l": 1.5, "d": -0.0, "b": "x", "t": DatetimeMS(-(2**62))}
    typed = [fields, fields, mixed, {"_id": 1, "s": "=1+1", "i": "abc", "d": math.inf}]
    stored, _ = written([bson.encode(item, codec_options=exact.OPTIONS) for item in typed])

    rows = list(csv.reader(io.StringIO(stored.decode(), newline="")))
    assert rows[1] == ["5f5e7f8f8f8f8f8f8f8f8f8f", "a, b", "-5", "7", "0.1", "true", "1970-01-01T00:00:01.500Z", "1.10",
                       "00000000-0000-0000-0000-000000000000", '{"a":[1,2.0,{"$numberLong":"3"}]}', ""]
    assert rows[3] == ["~null", '~""', '~{"$numberLong":"5"}', "~1.5", "-0.0", '~"x"',
                       '~{"$date":{"$numberLong":"-4611686018427387904"}}', "~null", "~null", "~null", ""]
    assert rows[4] == ["~1", '~"=1+1"', '~"abc"', "", '~{"$numberDouble":"Infinity"}', "", "", "", "", "", ""]
