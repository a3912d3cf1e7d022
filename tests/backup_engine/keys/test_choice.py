"""Which seal new sets get: what was said, else what is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mongomock
import pytest

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput
from backup_engine.keys import choice
from backup_engine.keys.choice import Choice
from tests.backup_engine.keys.public_only import PUBLIC
from tests.backup_engine.stored import folder


def database() -> Any:
    return mongomock.MongoClient()["lab"]


@pytest.mark.parametrize(("seal", "expected"), [
    (Seal(), ("zstd", (PUBLIC,))), (Seal("gzip"), ("gzip", (PUBLIC,))), (Seal(passphrase="x"), ("zstd", ())),
])
def test_a_seal_that_was_put_into_the_workspace_counts(
    tmp_path: Path, seal: Seal, expected: tuple[str, tuple[str, ...]]
) -> None:
    ws, place = replace(folder(tmp_path)[0], said=frozenset(), seal=seal), database()
    choice.save(place, Choice("zstd", (PUBLIC,)))

    counted = choice.effective(ws, place)

    assert (counted.compression, counted.recipients) == expected
    assert counted.encrypts


def test_what_was_heard_last_counts_with_the_database_down(tmp_path: Path) -> None:
    ws, place = replace(folder(tmp_path)[0], said=frozenset()), database()
    choice.save(place, Choice("gzip", (PUBLIC,)))
    assert choice.shown(ws).compression == "none"  # never heard of

    choice.effective(ws, place)

    assert (choice.shown(ws).compression, choice.effective(ws, None).recipients) == ("gzip", (PUBLIC,))


@pytest.mark.parametrize("document", [{"compression": "rar"}, {"recipients": ["age1x"]}, {"recipients": [5]}])
def test_a_stored_choice_that_makes_no_sense_stops_the_backup(tmp_path: Path, document: dict[str, Any]) -> None:
    place = database()
    place.backup_restore_state.insert_one({"_id": "sealing", **document})

    with pytest.raises(BadInput):
        choice.load(place)


def test_each_choice_says_whose_it_is_and_earlier_ones_are_kept() -> None:
    place = database()
    choice.save(place, Choice("zstd", (PUBLIC,)), by="anna")
    choice.save(place, Choice("gzip"), by="ben")

    assert [(version.number, version.by, version.values["compression"], version.values["recipients"])
            for version in choice.history(place)] == [(2, "ben", "gzip", ()), (1, "anna", "zstd", (PUBLIC,))]
    assert choice.load(place) == Choice("gzip")
