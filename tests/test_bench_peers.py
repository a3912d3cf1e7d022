"""The bench finds MongoDB's own tools where they are, and says so where they are not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from scripts.bench_parts import peers
from tests.mongod import Mongod

# Does what the tool of that name does, as far as the bench asks for it.
STAND_IN = """#!{python}
import json, pathlib, sys
import bson, pymongo
from bson import json_util
name, said = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
given = {{said[place]: said[place + 1] for place in range(len(said) - 1) if said[place].startswith("--")}}
there = pymongo.MongoClient(given["--uri"])[given["--db"]][given["--collection"]]
if name == "mongodump":
    folder = pathlib.Path(given["--out"]) / given["--db"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Equipment.bson").write_bytes(b"".join(map(bson.encode, there.find())))
elif name == "mongorestore":
    there.drop()
    there.insert_many(bson.decode_all(pathlib.Path(said[-1]).read_bytes()))
elif name == "mongoexport":
    pathlib.Path(given["--out"]).write_text("\\n".join(map(json_util.dumps, there.find())))
else:
    for line in pathlib.Path(given["--file"]).read_text().splitlines():
        document = json_util.loads(line)
        there.replace_one({{"_id": document["_id"]}}, document, upsert=True)
print("too much said", file=sys.stderr)
sys.exit({code})
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which no tool is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, *tools: str, code: int = 0) -> None:
    for tool in tools:
        (folder / tool).write_text(STAND_IN.format(python=sys.executable, code=code))
        (folder / tool).chmod(0o755)


def test_every_tool_that_is_there_is_measured_beside_ours(
    database: Database[dict[str, Any]], shared_mongod: Mongod, path: Path, tmp_path: Path
) -> None:
    put(path, *peers.TOOLS)
    database.Equipment.insert_many([{"ID": number, "Serial": f"S{number}"} for number in range(1, 6)])
    before = list(database.Equipment.find().sort("_id", 1))

    lines = peers.lines(shared_mongod.uri, database.name, tmp_path, 1)

    assert [line.floor for line in lines] == list(peers.TOOLS)
    assert all(line.ratio for line in lines)
    assert list(database.Equipment.find().sort("_id", 1)) == before
    assert peers.missing() == []


def test_without_tools_nothing_is_measured_and_they_are_named(path: Path, tmp_path: Path) -> None:
    assert peers.lines("mongodb://nowhere.invalid", "none", tmp_path, 1) == []
    assert peers.missing() == list(peers.TOOLS)
    put(path, "mongodump")
    assert list(peers.found()) == ["mongodump"]
    assert peers.missing() == list(peers.TOOLS[1:])


def test_a_tool_that_fails_ends_the_bench_with_its_words(
    database: Database[dict[str, Any]], shared_mongod: Mongod, path: Path, tmp_path: Path
) -> None:
    put(path, "mongoexport", code=3)
    database.Equipment.insert_one({"ID": 1})
    with pytest.raises(SystemExit, match="too much said"):
        peers.lines(shared_mongod.uri, database.name, tmp_path, 1)
