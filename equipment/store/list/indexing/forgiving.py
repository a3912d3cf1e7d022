"""Reads every document there can be; what it replaces is only shown, never written back."""

from __future__ import annotations

from typing import Any, Final

from bson.codec_options import CodecOptions, DatetimeConversion

__all__ = ["FORGIVING"]

FORGIVING: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace")
