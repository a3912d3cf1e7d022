"""Marks of encrypted sets name no record: a token of an event bears the ``_id``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.making import resume_tokens
from backup_engine.making.resume_tokens import Mark
from backup_engine.model import OWNER_SOURCES
from backup_engine.storage.base import STATE
from tests.backup_engine.stored import age_seal, folder, store

Db = Database[dict[str, Any]]


@pytest.fixture
def event_token(database: Db) -> dict[str, Any]:
    with database.watch() as stream:
        database.Equipment.insert_one({"_id": "Zeppelin"})
        next(stream)
        token: Any = stream.resume_token
    return {"_data": token["_data"]}


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_token_that_names_a_record_is_not_kept_beside_an_encrypted_set(
    tmp_path: Path, database: Db, event_token: dict[str, Any], encrypted: bool
) -> None:
    ws, _ = folder(tmp_path, seal=age_seal() if encrypted else None)
    backup = store(ws)
    assert b"Zeppelin".hex().upper() in event_token["_data"]

    resume_tokens.keep(ws.storage, backup, Mark(event_token, {}))

    assert (resume_tokens.of(ws.storage, backup) is None) is encrypted
    held = b"".join(path.read_bytes() for path in (tmp_path / STATE).iterdir())
    assert (b"Zeppelin".hex().upper().encode() in held) is not encrypted


def test_a_token_of_a_moment_is_kept(tmp_path: Path, database: Db) -> None:
    ws, _ = folder(tmp_path, seal=age_seal())
    backup = store(ws)
    token = resume_tokens.take(database, OWNER_SOURCES)
    assert token is not None

    resume_tokens.keep(ws.storage, backup, Mark(token, {}))

    assert resume_tokens.of(ws.storage, backup) is not None
