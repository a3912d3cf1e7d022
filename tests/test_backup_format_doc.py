"""docs/backup-format.md has every word of the format that sets are written with, and no other."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pyrage
import pytest
from bson import Int64
from pymongo.database import Database

from backup_engine.comment import comment
from backup_engine.create import create
from backup_engine.csv_format.decoder import LAST_COLUMN
from backup_engine.csv_format.seal import Compression, Seal
from backup_engine.keys.signing import Signer, new_pem
from backup_engine.making import digests
from backup_engine.model import OWNER_SOURCES, ColumnType, Kind, Trigger
from backup_engine.repository import manifest
from backup_engine.reseal import reseal
from tests.backup_engine.engine import OWN, StillClock, fill, fill_own, workspace
from tests.doc_pages import code, difference, page, rows

OWN_KEYS = {source.key for source in OWN.sources}
TEXT = page("docs/backup-format.md")
KEYS = {source.key for source in (*OWNER_SOURCES, *OWN.sources)}


def documented(text: str) -> set[str]:
    """Paths of all keys in the tables of metadata; a table's header says which object its keys are in."""
    headers = set(re.findall(r"^\| (key(?: in `[^`]+`)?) \|", text, re.M))
    return {".".join([*code(header), key]) for header in headers for key in first_column(text, header)}


def first_column(text: str, header: str) -> list[str]:
    """All code in the first column of the tables that begin with a header."""
    return [name for cells in rows(text, header) for name in code(cells[0])]


def written(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all keys in a metadata file. What MongoDB says about a collection is its own, but for our ``$bson``."""
    if isinstance(value, list):
        yield from (inner for each in value for inner in written(each, path))
    elif isinstance(value, dict):
        for key, inside in value.items():
            inner = f"{path}.{'KEY' if path == 'collections' and key in KEYS else key}".lstrip(".")
            if not path and key.removesuffix("_records_count").removesuffix("_file") in OWN_KEYS:
                continue  # the same two keys for each collection, as the list's have them
            if re.search(r"\.(options|indexes)\.", inner) and key != "$bson":
                continue
            if inner != "collections.KEY":
                yield inner
            yield from written(inside, inner)


@pytest.fixture
def metadata(
    tmp_path: Path, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """Metadata as they lie on disk: of a full set and a differential one, encrypted, with tables of digests, of the
    sets of the application's own data made with them, and all of them once more, stored anew for the second time and
    signed."""
    monkeypatch.setattr(digests, "WORTH_IT", 1)
    key = pyrage.x25519.Identity.generate()
    rule = {"n": {"$gt": Int64(1)}}  # relaxed Extended JSON would make an int32 of it
    clock = StillClock()
    database.create_collection("Equipment", validator=rule, validationLevel="off")
    database.Equipment.create_index("n", partialFilterExpression=rule)
    fill(database)
    database.Equipment.insert_one({"Vendor": "another order", "_id": "last"})
    fill_own(database)
    ws = workspace(tmp_path, database, clock=clock, seal=Seal("gzip", (str(key.to_public()),), (str(key),)),
                   application=OWN)
    made = create(ws, kind="full").set
    assert made is not None
    comment(ws, made, "before the move")
    clock.pass_by(minutes=5)
    database.Equipment.delete_one({"_id": 3})
    database.equipment_users.delete_one({"_id": "u1"})
    create(ws, kind="differential", force=True, trigger="continuous")
    (tmp_path / "signer.pem").write_text(new_pem())
    reseal(replace(ws, seal=replace(ws.seal, compression="zstd")))
    reseal(replace(ws, signer=Signer(tmp_path / "signer.pem")), keep_old=True)
    found = [*sorted(tmp_path.glob("*day/backup_metadata_*.json")), *sorted(tmp_path.glob(".app/*day/*.json"))]
    return [json.loads(path.read_text("utf-8")) for path in found]


def test_every_key_of_the_metadata_is_documented_and_no_other(metadata: list[dict[str, Any]]) -> None:
    real = {path for each in metadata for path in written(each)}

    assert [each["kind"] for each in metadata] == ["full", "full", "differential", "differential"] * 2
    assert difference(real, documented(TEXT)) == []


def test_every_key_that_the_code_can_write_is_documented() -> None:
    literals = {key.value for node in ast.walk(ast.parse(inspect.getsource(manifest)))
                if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant)}

    assert {"backup_id", "stored_sha256", "consistency", "$bson"} <= literals
    assert literals - {path.rpartition(".")[2] for path in documented(TEXT)} == set()


def test_an_undocumented_and_an_invented_key_are_noticed(metadata: list[dict[str, Any]]) -> None:
    metadata[0]["codec"]["level"] = 3
    metadata[1]["collections"]["equipment"]["columns"][0]["width"] = 8
    real = {path for each in metadata for path in written(each)}

    assert difference(real, documented(TEXT.replace("| `timezone` |", "| `timezone`, `backup_name` |"))) == [
        "documented, but not there: backup_name", "not documented: codec.level",
        "not documented: collections.KEY.columns.width"]


@pytest.mark.parametrize(("key", "words"), [
    ("trigger", get_args(Trigger)), ("kind", get_args(Kind)), ("compression", get_args(Compression)),
])
def test_the_values_of_a_key_are_those_of_the_code(key: str, words: tuple[str, ...]) -> None:
    cells = [*rows(TEXT, "key"), *rows(TEXT, "key in `codec`")]
    [meaning] = [meaning for keys, meaning in cells if key in code(keys)]

    assert difference(words, code(meaning)) == []


def test_the_words_of_the_last_column_are_those_of_the_code() -> None:
    said = [word for cells in rows(TEXT, "in the `~` column") for word in re.findall(r'\{"(\w+)"', cells[0])]

    assert difference(LAST_COLUMN, said) == []


def test_the_types_of_columns_are_those_of_the_code() -> None:
    assert difference(get_args(ColumnType), first_column(TEXT, "column type")) == []
