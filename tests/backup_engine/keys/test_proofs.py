"""What a drill proves: of the keys that were given, those that open the set alone, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backup_engine.csv_format import age
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import KeyNeeded, WrongKey
from backup_engine.keys import proofs
from tests.backup_engine.keys.public_only import IDENTITY, OTHER, PUBLIC, with_key
from tests.backup_engine.stored import file_of, flip, folder, store

THIRD = age.new_identity()


def test_only_keys_that_open_the_set_are_proven(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path, seal=Seal(recipients=(PUBLIC,)))
    backup = store(ws)
    # metadata that promises another one its part: anybody may have written it
    codec: dict[str, Any] = {**backup.metadata["codec"], "recipients": [PUBLIC, age.public_half(OTHER)]}
    forged = replace(backup, metadata={**backup.metadata, "codec": codec})
    everybody = with_key(with_key(with_key(ws, THIRD), OTHER))

    assert proofs.note_drill(everybody, forged, clock()) == (PUBLIC,)
    assert set(proofs.proven(ws.storage)) == {PUBLIC}


def test_a_key_that_is_none_of_the_sets_proves_nothing(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    backup = store(ws)

    assert proofs.note_drill(with_key(ws), backup, clock()) == ()
    assert proofs.proven(ws.storage) == {}


def test_what_is_proven_stays_when_another_key_is(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path, seal=Seal(recipients=(PUBLIC, age.public_half(OTHER))))
    backup = store(ws)

    for identity in (IDENTITY, OTHER):
        proofs.note_drill(with_key(ws, identity), backup, clock())

    assert set(proofs.proven(ws.storage)) == {PUBLIC, age.public_half(OTHER)}


def test_a_damaged_file_does_not_want_another_key(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path, seal=Seal(recipients=(PUBLIC,)))
    backup = store(ws)
    with pytest.raises(KeyNeeded):
        proofs.require_key(ws, backup)
    with pytest.raises(WrongKey):
        proofs.require_key(with_key(ws, OTHER), backup)
    flip(file_of(ws, backup), file_of(ws, backup).stat().st_size - 10)

    proofs.require_key(with_key(ws), backup)
