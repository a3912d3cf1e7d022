"""How a live collection looks: the types of its fields, its empties, the fields that identify a record.

Text from elsewhere (a set of the original system, an imported table) takes these types so that a record that has not
changed comes back equal, not with every number turned into text.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import bson
from bson.datetime_ms import DatetimeMS

from backup_engine.model import SILENT, Watch
from backup_engine.records import raw

__all__ = ["CANDIDATES", "STEP", "FieldProfile", "LiveProfile", "Profiler", "folded", "key_text"]

CANDIDATES = ("uuid", "ID", "Serial", "index")
"""Fields that may identify a record where ``_id`` does not, in order of preference."""

STEP = 5_000
MOST_SHAPES = 1_000
"""Counted apart before they are added up by field; a list has a few, and one field of mixed types doubles them."""


@dataclass(frozen=True)
class FieldProfile:
    """One field: the type all its values have, and how its empty values look."""

    type: type | None
    """``None`` when values of several types occur."""
    empty: Any = ""
    """``""`` or ``None``; meaningless when ``missing``."""
    missing: bool = False
    """Whether an empty value is usually a field that is not there."""


@dataclass(frozen=True)
class LiveProfile:
    """What is known about a collection; the empty profile knows nothing."""

    fields: Mapping[str, FieldProfile] = field(default_factory=dict)
    identities: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """By candidate field that is filled and unique in every record: text of its value → element of ``_id``."""

    @classmethod
    def over(
        cls, documents: Iterable[Mapping[str, Any] | bytes], candidates: Iterable[str] = CANDIDATES, *,
        watch: Watch = SILENT,
    ) -> LiveProfile:
        """Profile any stream of documents, decoded or as they are stored: then none is too odd to be read."""
        seen = Profiler()
        keys: dict[str, dict[str, bytes]] = {name: {} for name in candidates}
        for document in documents:
            if seen.records % STEP == 0:
                watch.step("Looking at the current records", seen.records)
            values = bson.decode(document, raw.FORGIVING) if isinstance(document, bytes) else document
            seen.look_at(values)
            if not keys:
                continue
            texts = {name: key_text(values.get(name)) for name in keys}
            keys = {name: ids for name, ids in keys.items() if texts[name] and texts[name] not in ids}
            if keys:
                identity = raw.id_of(document) if isinstance(document, bytes) else raw.element_of(values.get("_id"))
                for name, ids in keys.items():
                    ids[texts[name]] = identity
        return cls(seen.fields(), keys if seen.records else {})


class Profiler:
    """Learns the types of the fields from records as they come by."""

    def __init__(self) -> None:
        self.records = 0
        self._types: dict[str, Counter[type]] = {}
        # by the names and types of whole records, which is one count instead of one for each field: 4.4 to 1.5 s for
        # 100,000 records
        self._shapes = Counter[tuple[tuple[str, ...], tuple[type, ...]]]()

    def look_at(self, values: Mapping[str, Any]) -> None:
        """Take in one record, decoded."""
        self.records += 1
        kinds = tuple([type(value) if value != "" else _Empty for value in values.values()])
        self._shapes[tuple(values), kinds] += 1
        if len(self._shapes) >= MOST_SHAPES:
            self._add_up()

    def fields(self) -> dict[str, FieldProfile]:
        """Give what the fields of the records so far are like."""
        self._add_up()
        return {name: _summary(seen, self.records) for name, seen in self._types.items()}

    def _add_up(self) -> None:
        for (names, kinds), times in self._shapes.items():
            for name, kind in zip(names, kinds, strict=True):
                # a date is one whatever its year
                self._types.setdefault(name, Counter())[datetime if kind is DatetimeMS else kind] += times
        self._shapes.clear()


def key_text(value: Any) -> str:
    """Write an identifying value so that 5, 5.0 and "5" are the same key; empty for what identifies nothing."""
    if value is None or isinstance(value, (list, dict)):
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    text = str(value).strip()
    digits, dot, zeros = text.partition(".")
    return digits if dot and digits.lstrip("-").isdigit() and zeros and not zeros.strip("0") else text


def folded(value: Any) -> str:
    """Write an identifying value so that neither case nor how it is composed (Unicode's NFKC) tells two apart."""
    text = key_text(value)
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold().strip()


class _Empty:
    """Stands for the type of an empty string in the counts."""


def _summary(seen: Counter[type], total: int) -> FieldProfile:
    empties = {"": seen[_Empty], None: seen[type(None)]}
    absent = total - seen.total()
    values = {kind for kind in seen if kind not in (_Empty, type(None))}
    look = max(empties, key=lambda empty: empties[empty])
    return FieldProfile(
        type=next(iter(values)) if len(values) == 1 else None,
        empty=look if empties[look] else "",
        missing=absent > max(empties.values()),
    )
