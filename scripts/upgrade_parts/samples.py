"""The list that is written: every BSON value and odd field name of the tests, and records as labs have them."""

from __future__ import annotations

import bson

from scripts.bench_parts.documents import documents
from tests.backup_engine.bson_corpus import corpus

__all__ = ["odd_documents", "records"]

LEFT_OUT = ("bool that is 2", "_id last", "value binary empty 2", "value binary old 2 wrong inner length")
"""Documents that MongoDB refuses or stores otherwise, and two that no driver decodes, so that no page can show them."""


def odd_documents() -> list[bytes]:
    """Give documents that are hard to bring back exactly; ``_id`` comes first and is an int32."""
    return [document for name, document in corpus().items() if name not in LEFT_OUT]


def records(count: int = 300) -> list[bytes]:
    """Give ordinary records."""
    return [bson.encode(document) for document in documents(count)]
