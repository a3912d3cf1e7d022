"""What differs between two versions of something, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def differences(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Give (field, before, after) for each field that differs, in the order of *before*, then of *after*.

    A field that one side lacks is None there. What is no mapping is compared as a whole, under an empty name.
    """
    if not isinstance(before, Mapping | None) or not isinstance(after, Mapping | None):
        return [] if _same(before, after) else [("", before, after)]
    old, new = before or {}, after or {}
    return [
        (str(field), old.get(field), new.get(field))
        for field in dict.fromkeys([*old, *new])
        if not _same(old.get(field, _ABSENT), new.get(field, _ABSENT))
    ]


def _same(old: Any, new: Any) -> bool:
    # Python finds 1, 1.0 and True equal; in a record they are three values.
    return type(old) is type(new) and bool(old == new)
