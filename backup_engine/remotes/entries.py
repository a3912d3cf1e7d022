"""The small object that makes a backup out of pieces: what it says, and reading it without trusting it.

It is written last and never over another one; it holds the set's own metadata, byte for byte, and names the pieces its
files lie in. Nothing in it is believed: where a name is not one of the set's files, or a piece does not lie in its
folder, the set is damaged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from backup_engine.model import DAYS, BackupSet, Source
from backup_engine.remotes.base import is_key
from backup_engine.repository import manifest, manifest_reader, strict_json
from backup_engine.repository.notes import DAMAGE

__all__ = ["FOLDER", "Entry", "Piece", "RemoteFile", "encode", "key_in", "key_of", "parse"]

FOLDER = "sets"
UNIT = "set"
MAX_BYTES = 32 << 20
_KEY = re.compile(rf"{FOLDER}/(\d{{8}}_\d{{6}})-([A-Za-z0-9_-]{{1,64}})\.json")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Piece:
    """Up to 16 MB of a file: where they lie, how many bytes they are, their SHA-256."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set, as it lay in the backup folder."""

    name: str
    size: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Entry:
    """A backup in a remote."""

    key: str
    backup: BackupSet
    """As its metadata describes it; ``damaged`` with the reason where that or a piece is not what it should be."""
    metadata: bytes = b""
    files: Mapping[str, RemoteFile] = field(default_factory=dict)
    """By name."""
    host: str = ""
    uploaded: datetime | None = None
    """When it was complete there, by the clock of the machine that sent it."""

    said_later: bool = False
    """Whether the set's metadata has in it what a note said of it; ``metadata`` is as it was sent."""

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.size for file in self.files.values())

    def damaged(self, problem: str) -> Entry:
        """The same with a reason why it cannot be used."""
        return replace(self, backup=replace(self.backup, state="damaged", problem=problem))


def key_of(backup: BackupSet) -> str:
    """Where the object of a set lies."""
    return key_in(backup.label, backup.backup_id)


def key_in(label: str, backup_id: str) -> str:
    """The same for a set of which only the names are known."""
    return f"{FOLDER}/{label}-{backup_id}.json"


def backup_id_in(key: str) -> str | None:
    """The ``backup_id`` in the key of such an object, or None for any other key."""
    found = _KEY.fullmatch(key)
    return found[2] if found else None


def encode(backup: BackupSet, metadata: bytes, files: Iterable[RemoteFile], now: datetime) -> bytes:
    """Write the object of a set. What does not depend on who sends it comes first."""
    about = {
        "remote_format": 1, "min_reader": 1, "unit": UNIT, "backup_id": backup.backup_id, "label": backup.label,
        "day": backup.day, "metadata_file": backup.metadata_file,
        "metadata_sha256": hashlib.sha256(metadata).hexdigest(), "metadata": base64.b64encode(metadata).decode(),
        "files": [{"name": file.name, "bytes": file.size,
                   "pieces": [{"key": piece.key, "bytes": piece.size, "sha256": piece.sha256}
                              for piece in file.pieces]} for file in files],
        "host": socket.gethostname(), "uploaded": now.isoformat(),
    }
    return (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode()


def parse(key: str, raw: bytes, sources: tuple[Source, ...], role: str = "") -> Entry:
    """Understand one object; what cannot be understood, or is of another ``role``, is an entry with a damaged set and
    the reason."""
    label = _KEY.fullmatch(key)[1]  # type: ignore[index] # the caller listed it by this pattern
    try:
        return _parsed(key, strict_json.loads(raw.decode()), sources, role)
    except DAMAGE as damage:
        words = str(damage) or type(damage).__name__
        return Entry(key, manifest_reader.damaged("", label, f"its remote description cannot be read: {words:.200}"))


def _parsed(key: str, about: Mapping[str, Any], sources: tuple[Source, ...], role: str) -> Entry:
    if about["min_reader"] > 1:
        raise ValueError("it was written by a newer version")
    if about["unit"] != UNIT:
        raise ValueError("it is no set")
    metadata = base64.b64decode(about["metadata"], validate=True)
    if hashlib.sha256(metadata).hexdigest() != about["metadata_sha256"]:
        raise ValueError("its metadata was changed")
    label, day = str(about["label"]), str(about["day"])
    if day not in DAYS or about["metadata_file"] != manifest.metadata_name(label):
        raise ValueError("it names another file")
    backup = manifest_reader.parse(day, label, metadata, sources, role)
    if key != key_of(backup):
        raise ValueError("it lies under the name of another set")
    files = {file.name: file for file in (_file(each, backup.backup_id) for each in about["files"])}
    entry = Entry(key, backup, metadata, files, str(about["host"])[:80], datetime.fromisoformat(about["uploaded"]))
    if backup.state != "complete":
        return entry
    for part in backup.parts.values():
        file = files.get(str(part.file))
        if file is None or file.size != part.stored_bytes:
            return entry.damaged(f"Backup file not found: {part.file}")
    if len(files) != len(backup.parts):
        raise ValueError("it names files that are not the set's")
    return entry


def _file(about: Mapping[str, Any], backup_id: str) -> RemoteFile:
    name = str(about["name"])
    if manifest.split_part_name(name) is None:
        raise ValueError(f"{name!r:.80} is no file of a backup")
    pieces = tuple(_piece(each, backup_id) for each in about["pieces"])
    if sum(piece.size for piece in pieces) != about["bytes"]:
        raise ValueError(f"the pieces of {name} are not its size")
    return RemoteFile(name, int(about["bytes"]), pieces)


def _piece(about: Mapping[str, Any], backup_id: str) -> Piece:
    key, size, sha256 = str(about["key"]), about["bytes"], str(about["sha256"])
    if not (is_key(key) and key.startswith(f"data/{backup_id}/")):
        raise ValueError(f"{key!r:.80} is no piece of this set")
    if type(size) is not int or not 0 <= size <= MAX_BYTES or not _SHA256.fullmatch(sha256):
        raise ValueError(f"the piece {key} is not described")
    return Piece(key, size, sha256)
