"""What can be read of damaged files, however the damage lies."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import bson
import pytest

from backup_engine.records.raw import documents_of
from backup_engine.repository.salvage import Salvage
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import file_of, folder, store

GIVEN = [{"_id": number, "n": "text"} for number in range(20)]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return folder(tmp_path)[0]


def salvaged(ws: Workspace, old: bytes, new: bytes) -> tuple[list[dict[str, object]], int]:
    """Store the records, exchange some bytes of the file, and read what is readable: records, rows lost."""
    backup = store(ws, GIVEN)
    path = file_of(ws, backup)
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    salvage = Salvage(ws, backup, backup.parts["equipment"])
    batches = salvage.readable()
    assert batches is not None
    return [bson.decode(document) for batch in batches for document in documents_of(batch)], salvage.lost


def test_a_file_cut_inside_a_row_gives_what_is_whole(ws: Workspace) -> None:
    assert salvaged(ws, b"19,text,\r\n", b"19,te") == (GIVEN[:-1], 1)


NO_DOCUMENT = b',,"{""bson"":""' + b64encode(b"abc") + b'""}"'


@pytest.mark.parametrize("row", [b"7,text", b'7,"text,', b"7,~nonsense,", NO_DOCUMENT])
def test_a_row_that_is_none_is_counted_and_spoils_no_other(ws: Workspace, row: bytes) -> None:
    assert salvaged(ws, b"7,text,\r\n8,", row + b"\r\n8,") == (GIVEN[:7] + GIVEN[8:], 1)
