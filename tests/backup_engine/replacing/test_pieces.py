"""Many documents in one piece: what the server stores and answers is what it does for each."""

from __future__ import annotations

from contextlib import suppress
from itertools import filterfalse
from typing import Any

import bson
import pymongo
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern
from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine.errors import RestoreStopped
from backup_engine.records import raw
from backup_engine.replacing import pieces
from tests.backup_engine.bson_corpus import corpus

Doc = dict[str, Any]


def stored(database: Database[Doc], name: str = "things") -> list[bytes]:
    return sorted(document for batch in database[name].find_raw_batches() for document in raw.documents_of(batch))


def test_every_kind_of_record_arrives_byte_for_byte(database: Database[Doc]) -> None:
    documents = list[bytes]()
    for document in filterfalse(raw.has_zero_timestamp, corpus().values()):
        with suppress(OperationFailure):  # what this server does not take at all
            database.one_by_one.insert_one(RawBSONDocument(document))  # type: ignore[arg-type]
            documents.append(document)
    assert len(documents) > 100

    answer = pieces.insert(database.things, documents)

    assert answer == {"writeErrors": [], "writeConcernErrors": []}
    assert stored(database) == stored(database, "one_by_one")


def test_refusals_name_the_places(database: Database[Doc]) -> None:
    database.things.insert_one({"_id": 5})

    answer = pieces.insert(database.things, [bson.encode({"_id": number}) for number in range(10)])

    assert [(error["index"], error["code"]) for error in answer["writeErrors"]] == [(5, 11000)]
    assert database.things.count_documents({}) == 10


def test_a_validator_is_passed_only_where_that_is_asked_for(database: Database[Doc]) -> None:
    database.create_collection("things", validator={"n": {"$gt": 0}})
    documents = [bson.encode({"_id": number, "n": number}) for number in range(3)]

    refused = pieces.insert(database.things, documents)["writeErrors"]
    assert [(error["index"], error["code"]) for error in refused] == [(0, 121)]
    assert pieces.insert(database.things, documents[:1], bypass=True)["writeErrors"] == []


def test_what_no_majority_takes_is_said(database: Database[Doc]) -> None:
    unmet = database.get_collection("things", write_concern=WriteConcern(w=3, wtimeout=10))
    if "setName" not in database.command("hello"):
        pytest.skip("a server of its own takes no such concern")

    answer = pieces.insert(unmet, [bson.encode({"_id": 1})])

    assert answer["writeConcernErrors"][0]["code"] in (64, 100)


@pytest.mark.parametrize("wrong", [
    [bson.encode({"_id": 1}) + b"\0"], [bson.encode({"_id": 1})[:-1]], [b""], [bson.encode({"_id": 1}), b"\x05\0\0\0"],
])
def test_what_is_no_whole_document_is_not_sent(database: Database[Doc], wrong: list[bytes]) -> None:
    with pytest.raises(RestoreStopped, match="no whole documents"):
        pieces.insert(database.things, wrong)

    assert stored(database) == []


def test_a_server_that_counts_otherwise_is_not_believed(
    database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = type(database).command

    def one_less(self: Any, what: Any, *words: Any, **more: Any) -> Any:
        answer = command(self, what, *words, **more)
        return {**answer, "n": answer["n"] - 1} if isinstance(what, dict) and "insert" in what else answer

    monkeypatch.setattr(type(database), "command", one_less)
    with pytest.raises(RestoreStopped, match="the server counted 2 records of 3 that were sent"):
        pieces.insert(database.things, [bson.encode({"_id": number}) for number in range(3)])


def test_what_goes_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    small = bson.encode({"_id": 1})
    assert pieces.can_join([small] * 2_000)
    assert not pieces.can_join([small] * (pieces.MOST + 1))
    assert not pieces.can_join([bytes(pieces.LONGEST), small])
    monkeypatch.setattr(pymongo, "has_c", lambda: False)
    assert not pieces.can_join([small]), "only the driver's C code copies bytes as they are"
