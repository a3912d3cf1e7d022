"""Values of backups and plans in the words of the list, where only their bytes or their Python values are at hand."""

from __future__ import annotations

from typing import Any

import bson

from backup_engine.records import raw
from equipment.domain.record import text
from equipment.store.list.indexing.forgiving import FORGIVING

__all__ = ["element_text", "record_of", "value_of", "value_text"]


def record_of(document: bytes) -> dict[str, Any]:
    """Decode a document as the list does. Dates are without a zone there, and are shown so."""
    return bson.decode(document, codec_options=FORGIVING)


def value_of(element: bytes) -> Any:
    """Decode a field's element as the list does."""
    return record_of(raw.build([(b"v", element)]))["v"]


def element_text(element: bytes | None) -> str:
    """Show a field's element as the list shows its value; a missing one is empty."""
    return "" if element is None else text(value_of(element))


def value_text(value: Any) -> str:
    """Show a value that the engine decoded as the list shows it."""
    return text(value) if isinstance(value, (str, int, float)) else element_text(raw.element_of(value))
