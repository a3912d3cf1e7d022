"""Reading metadata that anybody may have edited: the answer is always a ``BackupSet``, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard, cast, get_args

from bson.errors import BSONError

from backup_engine.model import BackupSet, Column, ColumnType, Layout, Part, Source, State, Table
from backup_engine.repository import manifest, strict_json

_TYPES = get_args(ColumnType)
# no name is added: earlier versions call a set damaged whose trigger they do not know
_TRIGGERS = ("manual", "auto", "scheduled", "pre_restore", "imported")


class Malformed(ValueError):
    """The metadata is not what this program writes; says where."""


def parse(day: str, label: str, raw: bytes, sources: tuple[Source, ...], role: str = "") -> BackupSet:
    """Understand one metadata file; what cannot be understood is a set in the state ``damaged``, with the reason.

    So is a set of another ``role``: the application's own data has no place among the lists, and no list in ``.app``.
    """
    metadata: Mapping[str, Any] = {}
    try:
        metadata = _load(raw)
        if metadata.get("role", "") != role:
            what = "a list" if role else "the application's own data, whose place is .app"
            return damaged(day, label, f"it is a backup of {what}", metadata)
        if "format_version" not in metadata:
            return _legacy(day, label, metadata, sources)
        if _integer(metadata, "min_reader_version") > manifest.READER_VERSION:
            return _newer(day, label, metadata)
        return _current(day, label, metadata, sources)
    except (Malformed, BSONError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as problem:
        return damaged(day, label, f"its metadata cannot be read: {_words(problem)}", metadata)


def damaged(day: str, label: str, problem: str, metadata: Mapping[str, Any] | None = None,
            parts: Mapping[str, Part] | None = None, state: State = "damaged") -> BackupSet:
    """Give a set of which little is known."""
    return BackupSet(
        label=label, day=day, state=state, metadata_file=manifest.metadata_name(label), metadata=metadata or {},
        parts=parts or {}, backup_id=label, seq=0, trigger="", kind="full", base=None,
        started=started_by_label(label), problem=problem,
    )


def started_by_label(label: str) -> datetime:
    """Read the label as local time; the epoch when it is no date."""
    try:
        return datetime.strptime(label, manifest.LABEL).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def _load(raw: bytes) -> dict[str, Any]:
    if len(raw) > manifest.MAX_BYTES:
        raise Malformed("the file is too large")
    if not raw.strip():
        raise Malformed("the file is empty")
    # an editor may have put a byte order mark in front; metadata_hash is over the values
    value = strict_json.loads(raw.decode("utf-8-sig"))
    if not isinstance(value, dict):
        raise Malformed("it is not a JSON object")
    if not value:
        raise Malformed("it says nothing")
    return value


def _current(day: str, label: str, metadata: Mapping[str, Any], sources: tuple[Source, ...]) -> BackupSet:
    if not manifest.is_sealed(metadata):
        raise Malformed("it was changed after it was written (metadata_hash differs)")
    kind = _text(metadata, "kind")
    if kind not in ("full", "differential"):
        raise Malformed(f"kind {kind!r} is unknown")
    differential = kind == "differential"
    described = _mapping(metadata, "collections")
    parts = {key: _part(key, label, _mapping(described, key), differential) for key in described}
    if manifest.backup_hash(parts.values()) != metadata.get("backup_hash"):
        raise Malformed("backup_hash does not belong to the files it names")
    trigger = _trigger(metadata)
    base = metadata.get("base")
    if differential and not isinstance(base, str):
        raise Malformed("a differential set without a base")
    if not differential and (base is not None or metadata.get("kind") != "full"):
        raise Malformed("kind and base do not go together")
    return BackupSet(
        label=label, day=day, state="complete", metadata_file=manifest.metadata_name(label), metadata=metadata,
        parts={key: parts[key] for key in _in_order(parts, sources)}, backup_id=_text(metadata, "backup_id"),
        seq=_integer(metadata, "seq"), trigger=trigger, kind=kind, base=base,
        started=_instant(_text(metadata, "timestamp_utc")), pinned=metadata.get("pinned") is True,
        warnings=tuple(str(warning) for warning in metadata.get("warnings", ())),
    )


def _trigger(metadata: Mapping[str, Any]) -> str:
    said = _text(metadata, "trigger")
    if said not in _TRIGGERS:
        raise Malformed(f"trigger {said!r} is unknown")
    return manifest.CONTINUOUS if said == manifest.AS_AUTO and metadata.get(manifest.CONTINUOUS) is True else said


def _newer(day: str, label: str, metadata: Mapping[str, Any]) -> BackupSet:
    seq, trigger = metadata.get("seq"), metadata.get("trigger")
    started = metadata.get("timestamp_utc")
    return BackupSet(
        label=label, day=day, state="newer", metadata_file=manifest.metadata_name(label), metadata=metadata, parts={},
        backup_id=str(metadata.get("backup_id", label)), seq=seq if _is_count(seq) else 0, trigger=str(trigger or ""),
        kind=str(metadata.get("kind", "full")), base=None,
        started=_instant(started) if isinstance(started, str) else started_by_label(label),
        pinned=metadata.get("pinned") is True, problem="made by a newer version",
    )


def _legacy(day: str, label: str, metadata: Mapping[str, Any], sources: tuple[Source, ...]) -> BackupSet:
    _text(metadata, "backup_timestamp")
    parts = {}
    for source in sources:
        records = _integer(metadata, f"{source.key}_records_count")
        name = metadata.get(f"{source.key}_file")
        if name is not None and not manifest.is_part_name(name, source.key, label):
            raise Malformed(f"{name!r} is not a file of this backup")
        parts[source.key] = Part(source.key, source.collection, name, records)
    return BackupSet(
        label=label, day=day, state="legacy", metadata_file=manifest.metadata_name(label), metadata=metadata,
        parts=parts, backup_id=f"legacy-{label}", seq=0, kind="full", base=None,
        trigger="imported" if metadata.get("trigger") == "imported" else "manual",
        started=started_by_label(label), pinned=metadata.get("pinned") is True, problem="",
    )


def _part(key: str, label: str, about: Mapping[str, Any], differential: bool) -> Part:
    name = about.get("file")
    if not manifest.is_part_name(name, key, label):
        raise Malformed(f"{name!r} is not a file of this backup")
    columns = tuple(_column(column) for column in _list(about, "columns"))
    orders = tuple(tuple(str(field) for field in order) for order in _list(about, "orders"))
    return Part(
        key=key, collection=_text(about, "name"), file=cast(str, name), records=_integer(about, "records"),
        plain_bytes=_integer(about, "plain_bytes"), stored_bytes=_integer(about, "stored_bytes"),
        stored_sha256=_digest(about, "stored_sha256"), content_sha256=_digest(about, "content_sha256"),
        blocks=tuple(str(block) for block in _list(about, "blocks")), layout=Layout(columns, orders),
        rows=_integer(about, "rows") if differential else None,
        deleted=_integer(about, "deleted") if differential else 0,
        file_sha256=_digest(about, "file_sha256") if differential else "",
        options=manifest.json_to_bson(_mapping(about, "options")),
        indexes=tuple(manifest.json_to_bson(index) for index in _list(about, "indexes")),
        table=_table(about.get("digests")),
    )


def _table(about: Any) -> Table | None:
    """Read what is said of a table of digests; nothing where that makes no sense, for a set is whole without it."""
    try:
        return Table(_digest(about, "sha256"), _instant(_text(about, "proven_utc")), _integer(about, "codec"))
    except (AttributeError, ValueError, Malformed):
        return None


def _column(value: Any) -> Column:
    if not isinstance(value, dict) or value.get("type") not in _TYPES or not isinstance(value.get("name"), str):
        raise Malformed("a column is not described")
    return Column(value["name"], value["type"])


def _in_order(parts: Mapping[str, Part], sources: tuple[Source, ...]) -> list[str]:
    known = [source.key for source in sources if source.key in parts]
    return known + [key for key in parts if key not in known]


def _text(about: Mapping[str, Any], key: str) -> str:
    value = about.get(key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is not text")
    return value


def _digest(about: Mapping[str, Any], key: str) -> str:
    value = _text(about, key)
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise Malformed(f"{key} is not a SHA-256")
    return value


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0  # True is an int in Python


def _integer(about: Mapping[str, Any], key: str) -> int:
    value = about.get(key)
    if not _is_count(value):
        raise Malformed(f"{key} is not a count")
    return value


def _mapping(about: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = about.get(key)
    if not isinstance(value, dict):
        raise Malformed(f"{key} is not an object")
    return value


def _list(about: Mapping[str, Any], key: str) -> list[Any]:
    value = about.get(key)
    if not isinstance(value, list):
        raise Malformed(f"{key} is not a list")
    return value


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise Malformed("timestamp_utc has no zone")
    return instant.astimezone(UTC)


def _words(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(problem) or type(problem).__name__
