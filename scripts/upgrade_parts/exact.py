"""What collections hold to the last byte, worked out with pymongo alone: the engine is what is being checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

__all__ = ["Content", "content", "difference", "digest", "documents", "others"]

Data = Database[dict[str, Any]]
Content = dict[str, Any]
"""Digests of all documents, sorted; the indexes and the options as Extended JSON. It goes through a JSON file."""

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def documents(collection: Collection[dict[str, Any]]) -> list[bytes]:
    """Give every document as the server stores it."""
    return [document.raw for document in collection.with_options(codec_options=RAW).find()]


def digest(document: bytes) -> str:
    """Give the SHA-256 of a document's bytes."""
    return hashlib.sha256(document).hexdigest()


def content(database: Data, names: Iterable[str]) -> dict[str, Content]:
    """Give what these collections hold, by name."""
    return {name: _content(database[name]) for name in names}


def others(database: Data, names: Iterable[str]) -> dict[str, list[str]]:
    """Give the digests of the documents in every other collection: accounts, settings, journals, activity."""
    known = set(names)
    rest = [name for name in database.list_collection_names() if name not in known and not name.startswith("system.")]
    return {name: _digests(database[name]) for name in rest}


def difference(wanted: Mapping[str, Content], there: Mapping[str, Content]) -> str:
    """Say how the collections differ from what is wanted; empty when they are the same to the last byte."""
    said = []
    for name, content in wanted.items():
        missing = Counter(content["documents"]) - Counter(there[name]["documents"])
        strange = Counter(there[name]["documents"]) - Counter(content["documents"])
        if missing or strange:
            total = len(content["documents"])
            said.append(f"{name}: {missing.total()} of {total} documents are gone, {strange.total()} are strange")
        said += [f"{name}: its {what} were {content[what]} and are {there[name][what]}"
                 for what in ("indexes", "options") if content[what] != there[name][what]]
    return "; ".join(said)


def _content(collection: Collection[dict[str, Any]]) -> Content:
    indexes = sorted(json_util.dumps(dict(index), sort_keys=True) for index in collection.list_indexes())
    options = json_util.dumps(collection.options(), sort_keys=True)
    return {"documents": _digests(collection), "indexes": indexes, "options": options}


def _digests(collection: Collection[dict[str, Any]]) -> list[str]:
    return sorted(map(digest, documents(collection)))
