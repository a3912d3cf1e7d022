"""The metadata JSON of a backup set: names of its files, building it, and reading it without trusting it.

``metadata_hash`` is the SHA-256 of the compact JSON (no spaces, UTF-8, keys in the file's order) without that key:
``jq -cj 'del(.metadata_hash)' FILE | sha256sum`` prints the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import bson
from bson import json_util
from bson.errors import BSONError
from bson.json_util import RELAXED_JSON_OPTIONS

from backup_engine.model import Part

FORMAT_VERSION = 2
READER_VERSION = 2
WRITER = "equipment-backup 2"
LABEL = "%Y%m%d_%H%M%S"
MAX_BYTES = 64 << 20
"""Metadata larger than this is not read: it is not ours."""

_METADATA_NAME = re.compile(r"backup_metadata_(\d{8}_\d{6})\.json")
_PART_NAME = re.compile(r"([a-z][a-z0-9_]*)_backup_(\d{8}_\d{6})\.csv(?:\.gz|\.zst)?(?:\.age)?")


def label_of(moment: datetime) -> str:
    """Name a set by the local second in which it started."""
    return moment.strftime(LABEL)


def metadata_name(label: str) -> str:
    """File name of a set's metadata."""
    return f"backup_metadata_{label}.json"


def part_name(key: str, label: str, suffix: str = "") -> str:
    """File name of one collection's CSV; ``suffix`` tells compression and encryption."""
    return f"{key}_backup_{label}.csv{suffix}"


def label_in_metadata_name(name: str) -> str | None:
    """Label in the name of a metadata file, or None for any other file."""
    match = _METADATA_NAME.fullmatch(name)
    return match[1] if match else None


def split_part_name(name: str) -> tuple[str, str] | None:
    """Key and label in the name of a CSV of ours, or None for any other file."""
    match = _PART_NAME.fullmatch(name)
    return (match[1], match[2]) if match else None


def is_part_name(name: object, key: str, label: str) -> bool:
    """Whether metadata may name this file for that role in that set."""
    return isinstance(name, str) and split_part_name(name) == (key, label)


def metadata_hash(metadata: Mapping[str, Any]) -> str:
    """SHA-256 over everything but itself."""
    rest = {key: value for key, value in metadata.items() if key != "metadata_hash"}
    return hashlib.sha256(json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def backup_hash(parts: Iterable[Part]) -> str:
    """SHA-256 of what ``sha256sum`` prints for the stored files."""
    lines = "".join(f"{part.stored_sha256}  {part.file}\n" for part in parts)
    return hashlib.sha256(lines.encode()).hexdigest()


def encode(metadata: Mapping[str, Any]) -> bytes:
    """Serialise for the disk, sealed with its own hash. Readable: one key a line at the top levels."""
    sealed = {**{k: v for k, v in metadata.items() if k != "metadata_hash"}, "metadata_hash": metadata_hash(metadata)}
    return (json.dumps(sealed, ensure_ascii=False, indent=1) + "\n").encode()


def moment(value: datetime) -> str:
    """Write an instant in UTC with microseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def describe_part(part: Part) -> dict[str, Any]:
    """Give ``collections.<key>`` of the metadata."""
    described: dict[str, Any] = {
        "name": part.collection, "file": part.file, "records": part.records,
        "plain_bytes": part.plain_bytes, "stored_bytes": part.stored_bytes,
        "stored_sha256": part.stored_sha256, "content_sha256": part.content_sha256,
        "blocks": list(part.blocks),
        "columns": [{"name": column.name, "type": column.type} for column in part.layout.columns],
        "orders": [list(order) for order in part.layout.orders],
        "options": bson_to_json(part.options), "indexes": [bson_to_json(index) for index in part.indexes],
    }
    if part.rows is not None:
        described |= {"rows": part.rows, "deleted": part.deleted, "file_sha256": part.file_sha256}
    return described


def bson_to_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a small document as readable Extended JSON, or as base64 where that would not bring it back exactly."""
    readable: dict[str, Any] = json.loads(json_util.dumps(document, json_options=RELAXED_JSON_OPTIONS))
    exact = bson.encode(document)
    with suppress(ValueError, TypeError, KeyError, OverflowError, BSONError):  # a user's key such as "$oid"
        if bson.encode(json_to_bson(readable)) == exact:
            return readable
    return {"$bson": base64.b64encode(exact).decode()}


def json_to_bson(value: Mapping[str, Any]) -> dict[str, Any]:
    """Undo ``bson_to_json``. Raises ``ValueError`` or a BSON error for what it cannot have written."""
    if set(value) == {"$bson"}:
        return bson.decode(base64.b64decode(value["$bson"]))
    restored: dict[str, Any] = json_util.loads(json.dumps(value), json_options=RELAXED_JSON_OPTIONS)
    return restored
