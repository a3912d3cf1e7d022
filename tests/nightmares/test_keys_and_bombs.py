"""Sets that cannot be opened, and files that want to be opened for ever: a clear message, nothing touched."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupError, VerificationFailed, WrongKey
from backup_engine.repair import repair
from backup_engine.repository import contents, manifest
from backup_engine.repository.manifest_reader import parse
from backup_engine.verify import require, verify
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import age_seal, file_of, folder, snapshot, store

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEGA = 1 << 20
ROW = b"1,2,3,4,5,6,7,\r\n"


def uses(ws: Workspace, backup: Any) -> list[Callable[[], object]]:
    """Everything that opens the file."""
    return [
        lambda: require(ws, backup, 2), lambda: list(contents.documents(ws, backup, "equipment")),
        lambda: contents.preview(ws, backup, "equipment", 5), lambda: repair(ws, backup),
    ]


WRONG = {"no key": Seal(), "another key": age_seal(), "a passphrase instead": Seal(passphrase="x")}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_key_is_said_and_nothing_is_touched(tmp_path: Path, wrong: str) -> None:
    right, _ = folder(tmp_path, seal=age_seal())
    backup = store(right)
    ws, clock = folder(tmp_path, seal=WRONG[wrong])
    clock.pass_by(hours=1)
    before = snapshot(tmp_path)

    for use in uses(ws, backup):
        with pytest.raises(WrongKey, match="Key needed" if wrong == "no key" else "Wrong key or passphrase"):
            use()

    assert snapshot(tmp_path) == before
    assert verify(right, backup, 2).ok


def test_encrypted_set_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ws, _ = folder(tmp_path, seal=age_seal())
    backup = store(ws)
    monkeypatch.setitem(sys.modules, "pyrage", None)

    with pytest.raises(BackupError, match="pyrage is not installed") as refused:
        require(ws, backup, 2)

    assert "pip install pyrage" in refused.value.hint
    assert verify(ws, backup, 1).ok


def bomb(kind: str) -> bytes:
    """A small file that unpacks to 512 MiB of rows, or of one endless row."""
    data = ROW * (MEGA // len(ROW)) if "rows" in kind else b"x" * MEGA
    if "gz" in kind:
        return gzip.compress(data * 64, 9) * 8  # members one after the other are one gzip file
    compressor = zstd.ZstdCompressor(level=3)
    return b"".join(compressor.compress(data) for _ in range(512)) + compressor.flush()


def planted(ws: Workspace, backup: Any, data: bytes) -> Any:
    """Put a bomb in the place of the file, with metadata that vouches for it."""
    file_of(ws, backup).write_bytes(data)
    path = file_of(ws, backup, "metadata")
    metadata = json.loads(path.read_bytes())
    part = metadata["collections"]["equipment"]
    part |= {"stored_bytes": len(data), "stored_sha256": hashlib.sha256(data).hexdigest()}
    collections = metadata["collections"].values()
    lines = "".join(f"{collection['stored_sha256']}  {collection['file']}\n" for collection in collections)
    metadata["backup_hash"] = hashlib.sha256(lines.encode()).hexdigest()
    encoded = manifest.encode(metadata)
    path.write_bytes(encoded)
    forged = parse(backup.day, backup.label, encoded, ws.sources)
    assert forged.state == "complete"
    return forged


@pytest.mark.parametrize("kind", ["gz of rows", "zst of rows", "gz of one row", "zst of one row"])
def test_bomb_is_refused_in_bounded_memory(tmp_path: Path, kind: str) -> None:
    compression: Any = "gzip" if "gz" in kind else "zstd"
    ws, _ = folder(tmp_path, seal=Seal(compression))
    backup = planted(ws, store(ws), bomb(kind))
    tracemalloc.start()

    try:
        for use in uses(ws, backup)[:3]:
            with pytest.raises(VerificationFailed):
                use()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 64 * MEGA, f"{peak / MEGA:.0f} MiB"
