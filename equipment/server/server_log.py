"""What mongod itself says was wrong, out of its log of one JSON object a line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["complaint", "last_words"]

TAIL_BYTES = 200_000


def complaint(log: Path, since: int) -> str:
    """Give the last error in what was logged from this byte on, one with a reason first; empty where there is none.

    Format: https://www.mongodb.com/docs/manual/reference/log-messages/ (``s`` is the severity, F or E for errors).
    """
    said = [text for text in map(_error, _entries(log, since)) if text]
    # The last words of all are of the program's own end: "aborting after fassert() failure".
    reasons = [text for text in said if ": " in text]
    return (reasons or said or [""])[-1]


def last_words(log: Path, since: int) -> str:
    """Give the message of the last line logged from this byte on; empty where there is none."""
    messages = [" ".join(str(entry.get("msg", "")).split()) for entry in _entries(log, since)]
    return (messages or [""])[-1]


def _entries(log: Path, since: int) -> list[dict[str, Any]]:
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    entries = []
    for line in lines:
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                entries.append(entry)
    return entries


def _error(entry: dict[str, Any]) -> str:
    if entry.get("s") not in ("E", "F"):
        return ""
    details = entry.get("attr", {})
    reason = details.get("error") or details.get("message") or details.get("msg") or ""
    told = details.get("message")
    if isinstance(told, dict) and "error_str" in told:  # the storage engine's, whose "error" is a number
        reason = f"{told['error_str']} ({str(told.get('msg', '')).rpartition(': ')[2]})".removesuffix(" ()")
    reason = reason.get("errmsg", "") if isinstance(reason, dict) else str(reason)
    return " ".join(f"{entry.get('msg', '')}: {reason}".split()).removesuffix(":")
