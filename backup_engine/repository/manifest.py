"""The metadata JSON of a backup set: names of its files, and every key that is written.

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
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import bson
import orjson
from bson import json_util
from bson.errors import BSONError
from bson.json_util import RELAXED_JSON_OPTIONS

from backup_engine.csv_format.seal import Seal
from backup_engine.model import DAYS, BackupSet, Kind, Part

FORMAT_VERSION = 2
READER_VERSION = 2  # raised only for sets that the version before cannot restore
WRITER = "equipment-backup 2"
LABEL = "%Y%m%d_%H%M%S"
CONTINUOUS, AS_AUTO = "continuous", "auto"
"""The trigger of a set made continuously, and what stands for it on disk beside a key of that name."""
MAX_BYTES = 64 << 20
"""Metadata larger than this is not read: it is not ours."""

_METADATA_NAME = re.compile(r"backup_metadata_(\d{8}_\d{6})\.json")
_PART_NAME = re.compile(r"([a-z][a-z0-9_]*)_backup_(\d{8}_\d{6})\.csv(?:\.gz|\.zst)?(?:\.age)?")


@dataclass(frozen=True)
class Origin:
    """Where the documents came from, for the metadata."""

    database: str = ""
    server_version: str = ""
    topology: str = ""
    consistency: str = "none"
    database_id: str | None = None
    replica_set: str = ""
    number: int | None = None
    """Which set of that database it is, as the database counts them; None where it could not note that."""

    @classmethod
    def of(cls, backup: BackupSet) -> Origin:
        """What a set's metadata says, its number aside."""
        about = backup.metadata.get("source", {})
        version, topology, consistency = (str(about.get(name, "")) for name in (
            "server_version", "topology", "consistency"))
        return cls(backup.database, version, topology, consistency, backup.database_id or None, backup.replica_set)


@dataclass(frozen=True)
class Header:
    """What the metadata says of a set as a whole."""

    backup_id: str
    seq: int
    trigger: str
    started: datetime
    finished: datetime
    interval_hours: float
    origin: Origin
    kind: Kind = "full"
    base: str | None = None
    """The ``backup_id`` of the full set that a differential rests on."""
    pinned: bool = False
    warnings: tuple[str, ...] = ()
    role: str = ""
    of: str = ""
    """Of the application's own data: the ``backup_id`` of the list's set it belongs to."""
    companion: str = ""
    """Of a list: the ``backup_id`` of the set of the application's own data that was made with it."""
    reseals: BackupSet | None = None
    """The set that this one holds under other keys or compression, whose comment it bears."""


def label_of(moment: datetime) -> str:
    """Name a set by the local second in which it started."""
    return moment.strftime(LABEL)


def day_of(moment: datetime) -> str:
    """Name the folder of a set by the local day on which it started."""
    return DAYS[moment.weekday()]


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
    return hashlib.sha256(_COMPACT(_unsealed(metadata)).encode()).hexdigest()


def is_sealed(metadata: Mapping[str, Any]) -> bool:
    """Whether ``metadata_hash`` belongs to the rest; asked of every set when a folder is listed for the first time."""
    sealed = metadata.get("metadata_hash")
    with suppress(TypeError, ValueError, RecursionError):  # numbers beyond 64 bits, lone surrogates, 250 levels
        # a third of the time; where the two write a number otherwise (1e-7) the slower one decides
        if hashlib.sha256(orjson.dumps(_unsealed(metadata))).hexdigest() == sealed:
            return True
    return metadata_hash(metadata) == sealed


def _unsealed(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "metadata_hash"}


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def backup_hash(parts: Iterable[Part]) -> str:
    """SHA-256 of what ``sha256sum`` prints for the stored files."""
    return hash_of_lines(f"{part.stored_sha256}  {part.file}\n" for part in parts)


def hash_of_lines(lines: Iterable[str]) -> str:
    """SHA-256 of the lines of a checksum file."""
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def encode(metadata: Mapping[str, Any]) -> bytes:
    """Serialise for the disk, sealed with its own hash. Readable: one key a line at the top levels."""
    sealed = {**_unsealed(metadata), "metadata_hash": metadata_hash(metadata)}
    return (json.dumps(sealed, ensure_ascii=False, indent=1) + "\n").encode()


def moment(value: datetime) -> str:
    """Write an instant in UTC with microseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def build(header: Header, seal: Seal, parts: Mapping[str, Part]) -> dict[str, Any]:
    """Give the metadata of a set, in the file's order: the original system's eight keys first."""
    started, origin = header.started, header.origin
    owner: dict[str, Any] = {
        "backup_timestamp": started.replace(tzinfo=None).isoformat(timespec="microseconds"),
        "backup_interval_hours": _plain(header.interval_hours),
        "day_of_week": day_of(started),
        **{f"{key}_records_count": part.records for key, part in parts.items()},
        **{f"{key}_file": part.file for key, part in parts.items()},
        "backup_hash": backup_hash(parts.values()),
    }
    codec = {"compression": seal.compression, "encryption": "age" if seal.encrypts else "none",
             "recipients": list(seal.recipients)}
    return owner | {
        "format_version": FORMAT_VERSION, "min_reader_version": READER_VERSION, "writer": WRITER,
        "backup_id": header.backup_id, "seq": header.seq, **_trigger(header.trigger),
        "timestamp_utc": moment(started), "finished_utc": moment(header.finished),
        "timezone": f"{started.tzname()} {started.strftime('%z')}",
        "source": {"database": origin.database, "database_id": origin.database_id, "number": origin.number,
                   "replica_set": origin.replica_set, "server_version": origin.server_version,
                   "topology": origin.topology, "consistency": origin.consistency},
        **({"role": header.role, "of": header.of} if header.role else {}),
        **({"application": {"backup_id": header.companion}} if header.companion else {}),
        "kind": header.kind, "base": header.base, "codec": codec,
        "pinned": header.pinned, "warnings": list(header.warnings),
        **({"reseals": _reseals(header.reseals)} if header.reseals else {}),
        **({"comment": header.reseals.comment} if header.reseals and header.reseals.comment else {}),
        "collections": {key: describe_part(part) for key, part in parts.items()},
    }


def _trigger(trigger: str) -> dict[str, Any]:
    return {"trigger": AS_AUTO, CONTINUOUS: True} if trigger == CONTINUOUS else {"trigger": trigger}


def _reseals(old: BackupSet) -> dict[str, Any]:
    # of the ids before: what names a set, here or in a remote, names it by the id that it had then
    return {"backup_id": old.backup_id, "seq": old.order, **({"before": list(old.originals)} if old.originals else {})}


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
    if part.table is not None:
        described["digests"] = {"sha256": part.table.sha256, "proven_utc": moment(part.table.proven),
                                "codec": part.table.codec}
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
    if not value:
        return {}
    return _from_text(json.dumps(value))


@lru_cache(maxsize=256)
def _from_text(text: str) -> dict[str, Any]:
    """One decoding for all sets with the same index; nobody changes what comes out."""
    restored: dict[str, Any] = json_util.loads(text, json_options=RELAXED_JSON_OPTIONS)
    return restored


def _plain(hours: float) -> int | float:
    return int(hours) if float(hours).is_integer() else hours
