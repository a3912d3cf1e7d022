"""Which records MongoDB will delete by itself, because a date of theirs has passed. Pure.

A TTL index (``expireAfterSeconds``, one field) lets the server delete what has a date older than that in the field; of
an array of dates the earliest counts; see https://www.mongodb.com/docs/manual/core/index-ttl/. A clustered collection
may have the same as an option, over ``_id``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from struct import Struct
from typing import Any, TypeVar

from backup_engine.model import Batch
from backup_engine.records import raw

Some = TypeVar("Some", bound=Batch | list[bytes])

__all__ = ["Rule", "Tally", "clustered", "expires", "rules"]

_DATE, _DOCUMENT, _ARRAY = b"\x09", b"\x03", b"\x04"
_MILLISECONDS = Struct("<q").unpack_from


@dataclass(frozen=True)
class Rule:
    """One reason to be deleted."""

    name: str
    """Of the index, in words."""
    path: tuple[bytes, ...]
    seconds: float
    partial: bool = False
    """Whether the index covers only some records, which only the server can tell."""


def expires(index: Mapping[str, Any]) -> bool:
    """Whether this is a TTL index."""
    return "expireAfterSeconds" in index


def clustered(options: Mapping[str, Any]) -> bool:
    """Whether a clustered collection deletes by itself."""
    return "expireAfterSeconds" in options and "clusteredIndex" in options


def rules(indexes: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Give the rules of a collection with these indexes and options."""
    known = [(f"the index {index['name']}", next(iter(index["key"])), index["expireAfterSeconds"],
              "partialFilterExpression" in index)
             for index in indexes if expires(index) and len(index["key"]) == 1]
    if clustered(options):
        known.append(("the clustered index", "_id", options["expireAfterSeconds"], False))
    return tuple(Rule(name, tuple(path.encode().split(b".")), float(seconds), partial)
                 for name, path, seconds, partial in known if not math.isnan(float(seconds)))


@dataclass
class Tally:
    """Counts what has expired among the documents that pass through ``over``."""

    rules: Sequence[Rule]
    now: datetime
    """Aware."""
    counts: dict[Rule, int] = field(default_factory=dict)

    def over(self, batches: Iterable[Some]) -> Iterator[Some]:
        """Hand batches or lists of documents on; costs nothing where there is no rule."""
        for batch in batches:
            if self.rules:
                for document in batch if isinstance(batch, list) else raw.documents_of(batch):
                    for rule in self.rules:
                        self.counts[rule] = self.counts.get(rule, 0) + self._has_expired(document, rule)
            yield batch

    def sentences(self, name: str) -> tuple[str, ...]:
        """Say it, a sentence a rule, without a full stop."""
        return tuple(
            f"{'up to ' if rule.partial else ''}{count:,} records of {name} carry a date that has passed for "
            f"{rule.name}: MongoDB deletes them within a minute or so"
            for rule, count in self.counts.items() if count)

    def _has_expired(self, document: bytes, rule: Rule) -> bool:
        latest = self.now.timestamp() * 1000 - rule.seconds * 1000
        return any(date <= latest for date in _dates(document, rule.path))


def _dates(document: bytes, path: tuple[bytes, ...]) -> Iterator[int]:
    """Give the dates an index over the path sees, in milliseconds."""
    for name, element in raw.elements(document):
        if name != path[0]:
            continue
        inner = raw.elements(element[1:]) if element[:1] == _ARRAY else []
        if len(path) == 1:
            yield from (_MILLISECONDS(date, 1)[0] for date in (element, *(value for _, value in inner))
                        if date[:1] == _DATE)
        elif element[:1] in (_DOCUMENT, _ARRAY):
            yield from _dates(element[1:], path[1:])
            for _, value in inner:
                if value[:1] == _DOCUMENT:
                    yield from _dates(value[1:], path[1:])
