"""What a person says about a set: kept, shown, signed around, and taken along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import fetch, verify
from backup_engine.comment import comment
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput
from backup_engine.keys import signing
from backup_engine.keys.signing import Signer
from backup_engine.model import COMMENT_LENGTH
from backup_engine.prune import pin
from backup_engine.push import push
from backup_engine.remotes import queue
from backup_engine.repository import manifest
from backup_engine.reseal import reseal
from backup_engine.storage.base import STATE
from tests.backup_engine.engine import back_up
from tests.backup_engine.keys.public_only import PUBLIC
from tests.backup_engine.offsite_places import target_of, with_remote
from tests.backup_engine.stored import file_of, flip, folder, store

Db = Database[dict[str, Any]]


def test_it_stays_with_the_set_and_its_copy_and_can_be_taken_back(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = pin(ws, store(ws))

    said = comment(ws, backup, "  before the\n move to\tHall 3 ")

    assert said.comment == "before the move to Hall 3"
    [found] = ws.catalog.sets()
    assert (found.comment, found.pinned, found.parts) == (said.comment, True, backup.parts)
    assert verify.verify(ws, found, 2).ok
    beside = tmp_path / STATE / found.metadata_file
    assert beside.read_bytes() == file_of(ws, found, "metadata").read_bytes()
    assert comment(ws, found, " ").comment == "" and ws.catalog.sets()[0].comment == ""


@pytest.mark.parametrize("text", ["x" * (COMMENT_LENGTH + 1), "red \x1b[31m", "zero\u200bwidth", "\x00"])
def test_what_cannot_be_a_comment_is_refused_and_changes_nothing(tmp_path: Path, text: str) -> None:
    ws, _ = folder(tmp_path)
    backup = comment(ws, store(ws), "kept")

    with pytest.raises(BadInput):
        comment(ws, backup, text)

    assert ws.catalog.sets()[0].comment == "kept"


def test_a_damaged_set_takes_none(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    path = file_of(ws, store(ws), "metadata")
    flip(path, 40)

    with pytest.raises(BadInput, match="cannot be commented on"):
        comment(ws, ws.catalog.sets()[0], "x")


def test_what_somebody_wrote_into_the_metadata_is_fit_to_be_shown(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    for written in ("\x1b[2J" + "x" * 9000, 7, ["a"], None):
        path.write_bytes(manifest.encode({**backup.metadata, "comment": written}))
        [found] = ws.catalog.sets()
        assert found.state == "complete"
        assert found.comment.isprintable() and len(found.comment) <= COMMENT_LENGTH


def test_a_signature_stays_valid(tmp_path: Path) -> None:
    (tmp_path / "signer.pem").write_text(signing.new_pem())
    (tmp_path / "signer.pem").chmod(0o600)
    ws, _ = folder(tmp_path / "sets")
    ws = replace(ws, signer=Signer(tmp_path / "signer.pem"))
    assert ws.signer is not None
    asking = replace(ws, signed_by=ws.signer.public)

    said = comment(ws, store(ws), "signed before")

    assert verify.verify(asking, said, 2).ok


def test_it_goes_along_when_the_set_is_stored_anew(tmp_path: Path, database: Db) -> None:
    ws = with_remote(tmp_path, database)
    comment(ws, back_up(ws), "kept")

    [made] = reseal(replace(ws, seal=Seal(recipients=(PUBLIC,)))).made

    assert made.comment == "kept" and ws.catalog.sets()[0].comment == "kept"


def test_a_remote_hears_of_it_in_a_note_and_gives_it_back(tmp_path: Path, database: Db) -> None:
    ws = with_remote(tmp_path, database)
    backup = back_up(ws)
    push(ws, "disk")
    comment(ws, backup, "said later")
    assert not queue.read(ws.storage, "disk").is_said(ws.catalog.sets()[0])

    push(ws, "disk")

    with fetch.viewed(ws, "disk") as there:
        assert [found.comment for found in there.catalog.sets()] == ["said later"]
    [note] = target_of(tmp_path).notes().values()
    assert (note.pinned, note.comment) == (False, "said later")
    pin(ws, ws.catalog.sets()[0])
    push(ws, "disk")
    push(ws, "disk")
    assert len(list((tmp_path / "disk" / "notes" / backup.backup_id).iterdir())) == 2
    ws.catalog.remove(ws.catalog.sets()[0])
    assert fetch.fetch(ws, "disk", backup.backup_id).set.comment == "said later"


def test_a_note_of_before_has_no_comment_and_leaves_that_of_the_set(tmp_path: Path, database: Db) -> None:
    ws = with_remote(tmp_path, database)
    backup = comment(ws, back_up(ws), "sent with it")
    push(ws, "disk")
    target = target_of(tmp_path)
    target.store.put(f"notes/{backup.backup_id}/20250101T000000000000-00.json", b'{"pinned": true}')
    target.store.put(f"notes/{backup.backup_id}/20250101T000000000001-00.json", b'{"pinned": true, "comment": 7}')

    [entry] = target.entries()

    assert (entry.backup.pinned, entry.backup.comment) == (True, "sent with it")
