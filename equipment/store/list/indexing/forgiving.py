"""Reads every document there can be; what it replaces is only shown, never written back."""

from __future__ import annotations

from typing import Any, Final

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.collection import Collection

__all__ = ["FORGIVING", "forgiving"]

FORGIVING: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace")


def forgiving(collection: Collection[dict[str, Any]]) -> Collection[dict[str, Any]]:
    """Give the collection reading with ``FORGIVING``; the in-memory demo, where nothing is unreadable, as it is."""
    return collection.with_options(codec_options=FORGIVING) if isinstance(collection, Collection) else collection
