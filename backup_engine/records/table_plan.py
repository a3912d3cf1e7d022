"""Plan the merge of rows of text (an imported CSV or XLSX) into the live records, by a field somebody chose.

The same rule as for backups. Unlike a backup, a table written by people may be ambiguous: such rows become conflicts
and are left out, the rest goes on.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import bson
from bson import ObjectId

from backup_engine.model import Batch
from backup_engine.records import raw
from backup_engine.records.live_profile import LiveProfile, folded
from backup_engine.records.planner import Pick, Planned, combine
from backup_engine.records.text import as_live, same_text, text_of

__all__ = ["plan_rows"]

Complete = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class _Row:
    number: int
    cells: Mapping[str, str]


def plan_rows(
    rows: Iterable[Mapping[str, str]],
    live: Iterable[Batch],
    identity: Sequence[str],
    *,
    profile: LiveProfile | None = None,
    pick: Pick | None = None,
    clear_empty: bool = True,
    numbered: str = "",
    complete: Complete = lambda record: record,
) -> Iterator[Planned]:
    """Give one ``Planned`` for every row, in order, with its number from 1.

    ``rows`` are texts by field name (the mapping is done). ``live`` are raw batches of all records. ``identity`` are
    the fields that together recognise a record, compared as ``live_profile.folded`` writes them; ``"_id"`` takes the
    text of ``raw.id_text``. A row that has none (no field, or an empty cell in one) is the record that says just what
    it says, each for one row, and else a new one: so a table comes in twice and changes nothing the second time. A
    text takes the type of the value it replaces, else the uniform type of
    ``profile``, else it stays text. An empty cell empties the field unless ``clear_empty`` is off, and then one of
    blanks does not either. ``numbered`` is a field whose values are given anew where they are taken: a row may be a
    record that says the same and has another one, when its own occurs twice or another record has it.
    ``complete`` may finish a new record.
    """
    # All in memory: which rows name the same record is known after the last of them.
    table = [_Row(number, cells) for number, cells in enumerate(rows, 1)]
    by_key, doubled = _by_key(table, identity)
    named = " + ".join(identity)
    partners: dict[int, list[bytes]] = defaultdict(list)
    convert = _Convert(profile or LiveProfile(), clear_empty)
    equals = _Equals(convert, (row for row in table if not _key(row, identity)), numbered)
    for document in (document for batch in live for document in raw.documents_of(batch)):
        row = by_key.get(_key_of(document, identity)) if by_key else None
        if row is None:
            equals.look_at(document)
        else:
            partners[row.number].append(document)
    partners |= {number: [document] for number, document in equals.found().items()}
    for row in table:
        matches = partners.get(row.number, [])
        if row.number in doubled:
            planned = Planned("conflict", _name(row, identity), why=doubled[row.number])
        elif len(matches) > 1:
            planned = Planned("conflict", _name(row, identity), why=f"{len(matches)} records have this {named}")
        elif matches:
            document = convert.over(matches[0], row.cells)
            planned = combine(document, matches[0], raw.id_text(raw.id_of(matches[0])), pick=pick, same=same_text)
        else:
            record = complete({"_id": ObjectId(), **convert.new(row.cells)})
            planned = combine(bson.encode(record), None, _name(row, identity), pick=pick)
        yield replace(planned, row=row.number)


_Key = tuple[str, ...]


def _by_key(table: list[_Row], identity: Sequence[str]) -> tuple[dict[_Key, _Row], dict[int, str]]:
    known: dict[_Key, _Row] = {}
    doubled: dict[int, str] = {}
    named = " + ".join(identity)
    for row in table:
        key = _key(row, identity)
        if not key:
            continue
        first = known.setdefault(key, row)
        if first is not row:
            doubled[row.number] = f"row {first.number} has the same {named}"
            doubled.setdefault(first.number, f"row {row.number} has the same {named}")
    return known, doubled


def _key(row: _Row, identity: Sequence[str]) -> _Key:
    """Give what recognises the row; nothing when a part of it is missing."""
    key = tuple(text.strip() if name == "_id" else folded(text)
                for name, text in ((name, row.cells.get(name, "")) for name in identity))
    return key if all(key) else ()


def _key_of(document: bytes, identity: Sequence[str]) -> _Key:
    wanted = {name.encode() for name in identity}
    parts = {name: raw.id_text(element) if name == b"_id" else folded(raw.value_of(element))
             for name, element in raw.elements(document) if name in wanted}
    key = tuple(parts.get(name.encode(), "") for name in identity)
    return key if all(key) else ()


def _name(row: _Row, identity: Sequence[str]) -> str:
    return " ".join(filter(None, (row.cells.get(name, "") for name in identity))) or f"row {row.number}"


@dataclass(frozen=True)
class _Convert:
    profile: LiveProfile
    clear_empty: bool

    def over(self, live: bytes, cells: Mapping[str, str]) -> bytes:
        """Make the incoming document for a record that is there."""
        old = dict(raw.elements(live))
        fields = [(b"_id", old[b"_id"])]
        for name, text in cells.items():
            key = name.encode()
            if key == b"_id" or (not text.strip() and not self.clear_empty):
                continue
            value = as_live(text, type(raw.value_of(old[key]))) if text and key in old else None
            fields.append((key, raw.element_of(self._typed(name, text) if value is None else value)))
        return raw.build(fields)

    def new(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """Make the fields of a new record."""
        return {name: self._typed(name, text) for name, text in cells.items() if name != "_id"}

    def _typed(self, name: str, text: str) -> Any:
        known = self.profile.fields.get(name)
        value = as_live(text, known.type) if text and known is not None and known.type is not None else None
        return text if value is None else value


@dataclass
class _Alike:
    """Rows and records that say the same but for their number."""

    rows: list[tuple[int, str]] = field(default_factory=list)
    records: list[tuple[bytes, str]] = field(default_factory=list)


class _Equals:
    """Rows that no key tells apart, by what they say; each is one record that says the same."""

    def __init__(self, convert: _Convert, rows: Iterable[_Row], numbered: str) -> None:
        self._numbered = numbered
        self._alike: dict[tuple[str, ...], dict[tuple[str, ...], _Alike]] = {}
        self._numbers: Counter[str] = Counter()
        """How many rows and records have a number; that of a pair of them counts twice."""
        for row in rows:
            fields = convert.new(row.cells)
            number = _said(fields.pop(numbered, None))
            self._numbers[number] += 1
            groups = self._alike.setdefault(tuple(fields), {})
            groups.setdefault(tuple(map(_said, fields.values())), _Alike()).rows.append((row.number, number))

    def look_at(self, document: bytes) -> None:
        """Keep a record that says what some row says."""
        if not self._alike:
            return
        old = {raw.name_text(name): element for name, element in raw.elements(document)}
        number = self._text(old, self._numbered)
        self._numbers[number] += 1
        for names, groups in self._alike.items():
            if alike := groups.get(tuple(self._text(old, name) for name in names)):
                alike.records.append((document, number))
                return

    def found(self) -> dict[int, bytes]:
        """Give the record of each row that has one: of the same number first; of another one only where the row has no
        number, or one that other rows or records have as well."""
        pairs: dict[int, bytes] = {}
        for alike in (alike for groups in self._alike.values() for alike in groups.values()):
            waiting = defaultdict[str, deque[int]](deque)
            for row, number in alike.rows:
                waiting[number].append(row)
            others = list[bytes]()
            for document, number in alike.records:
                if waiting[number]:
                    pairs[waiting[number].popleft()] = document
                else:
                    others.append(document)
            renumbered = (row for row, number in alike.rows
                          if row not in pairs and (not number or self._numbers[number] > 1))
            pairs |= dict(zip(renumbered, others, strict=False))
        return pairs

    @staticmethod
    def _text(old: Mapping[str, bytes], name: str) -> str:
        return _said(raw.value_of(old[name])) if name in old else ""


def _said(value: Any) -> str:
    return "" if value is None or value != value else text_of(value)  # NaN is no value either
