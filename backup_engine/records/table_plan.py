"""Plan the merge of rows of text (an imported CSV or XLSX) into the live records, by a field somebody chose.

The same rule as for backups. Unlike a backup, a table written by people may be ambiguous: such rows become conflicts
and are left out, the rest goes on.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import bson
from bson import ObjectId

from backup_engine.model import SILENT, Batch, Watch
from backup_engine.records import exact, planner, raw
from backup_engine.records.live_profile import STEP, FieldProfile, LiveProfile, Profiler, folded
from backup_engine.records.planner import Pick, Planned, combine
from backup_engine.records.spool import Spool
from backup_engine.records.text import Verbatim, as_live, same_text, text_of

__all__ = ["plan_rows"]

Complete = Callable[[dict[str, Any]], dict[str, Any]]
Shown = Callable[[Any], str]
Read = Callable[[str, type], Any]


def _said(value: Any) -> str:
    return "" if value is None or value != value else text_of(value)  # NaN is no value either


def plan_rows(
    rows: Sequence[Mapping[str, str]],
    live: Iterable[Batch],
    identity: Sequence[str],
    *,
    profile: Callable[[], LiveProfile] = LiveProfile,
    pick: Pick | None = None,
    clear_empty: bool = True,
    numbered: str = "",
    complete: Complete = lambda record: record,
    shown: Shown = _said,
    read: Read = as_live,
    watch: Watch = SILENT,
) -> Iterator[Planned]:
    """Give one ``Planned`` for every row, in order, with its number from 1.

    ``rows`` are texts by field name (the mapping is done). ``live`` are raw batches of all records. ``identity`` are
    the fields that together recognise a record, compared as ``live_profile.folded`` writes them; ``"_id"`` takes the
    text of ``raw.id_text``. A row that has none (no field, or an empty cell in one) is the record that says just what
    it says, each for one row, and else a new one: so a table comes in twice and changes nothing the second time. A
    text takes the type of the value it replaces, else the uniform type of
    its field in ``live``, else it stays text; ``profile`` is asked for these types where they are wanted before the
    records have come by. An empty cell empties the field unless ``clear_empty`` is off, and then one of
    blanks does not either. ``numbered`` is a field whose values are given anew where they are taken: a row may be a
    record that says the same and has another one, when its own occurs twice or another record has it.
    ``complete`` may finish a new record. ``shown`` writes a value as a table says it: a cell that says what the record
    has leaves it as it is, whatever its type. ``read`` gives the value of a type that a text stands for, None for
    none; ``Verbatim`` texts stay texts. A record that names a field twice is only ever left as it is.
    """
    # Which rows name the same record is known after the last of them; ``rows`` may make each when it is asked for.
    by_key, doubled, keyless = _by_key(rows, identity)
    named = " + ".join(identity)
    # The identity of the record that a row leaves as it is, else the place of what comes of the row, or of the record
    # when that needs types that are not known yet. 33,000 of them in memory were 80 MB; deciding at once takes one
    # decoding instead of two.
    over: dict[int, int | str] = {}
    decided = Spool[Planned | bytes]()
    times, seen = Counter[int](), Profiler()
    documents = (document for batch in live for document in raw.documents_of(batch))
    first = next(documents, None)
    convert = _Convert(profile() if keyless and first is not None else None, clear_empty, shown, read)
    # into an empty list nothing can come twice: 2 s of 100,000 rows
    equals = _Equals(convert, () if first is None else ((number, rows[number - 1]) for number in keyless), numbered)
    for document in () if first is None else chain([first], documents):
        if seen.records % STEP == 0:
            watch.step("Looking at the current records", seen.records)
        # whole and once: field by field, matching 100,000 records took 9 s
        values = bson.decode(document, codec_options=exact.LENIENT)
        seen.look_at(values)
        number = by_key.get(_key_of(document, values, identity, shown)) if by_key else None
        if number is None:
            equals.look_at(document, values)
        else:
            times[number] += 1
            if number not in over:
                try:
                    planned = convert.over(document, values, rows[number - 1], pick)
                except _NotKnownYet:
                    over[number] = decided.append(document)
                    continue
                over[number] = planned.identity if planned.action == "unchanged" else decided.append(planned)
    alike, convert = equals.found(), replace(convert, profile=LiveProfile(seen.fields()))

    def of_record(document: bytes, number: int) -> Planned:
        values = bson.decode(document, codec_options=exact.LENIENT)
        return convert.over(document, values, rows[number - 1], pick)

    for number in range(1, len(rows) + 1):
        found = over.pop(number, None)
        if isinstance(found, str) and number not in doubled and times[number] == 1:
            yield Planned("unchanged", found, row=number)
            continue
        if number in doubled:
            planned = Planned("conflict", _name(number, rows[number - 1], identity), why=doubled[number])
        elif times[number] > 1:
            why = f"{times[number]} records have this {named}"
            planned = Planned("conflict", _name(number, rows[number - 1], identity), why=why)
        elif isinstance(found, int):
            kept = decided[found]
            planned = of_record(kept, number) if isinstance(kept, bytes) else kept
        elif number in alike:
            planned = of_record(alike[number], number)
        else:
            cells = rows[number - 1]
            record = complete({"_id": ObjectId(), **convert.new(cells)})
            planned = combine(bson.encode(record), None, _name(number, cells, identity), pick=pick)
        yield replace(planned, row=number)


_Key = tuple[str, ...]


def _by_key(
    rows: Sequence[Mapping[str, str]], identity: Sequence[str]
) -> tuple[dict[_Key, int], dict[int, str], array[int]]:
    """Give the rows' numbers by what recognises them, what is wrong with those that others name as well, and those that
    have nothing."""
    known: dict[_Key, int] = {}
    doubled: dict[int, str] = {}
    keyless = array("L")
    named = " + ".join(identity)
    for number, cells in enumerate(rows, 1):
        key = _key(cells, identity)
        if not key:
            keyless.append(number)
            continue
        first = known.setdefault(key, number)
        if first != number:
            doubled[number] = f"row {first} has the same {named}"
            doubled.setdefault(first, f"row {number} has the same {named}")
    return known, doubled, keyless


def _key(cells: Mapping[str, str], identity: Sequence[str]) -> _Key:
    """Give what recognises the row; nothing when a part of it is missing."""
    key = tuple(text.strip() if name == "_id" else folded(text)
                for name, text in ((name, cells.get(name, "")) for name in identity))
    return key if all(key) else ()


def _key_of(document: bytes, values: Mapping[str, Any], identity: Sequence[str], shown: Shown) -> _Key:
    key = tuple([raw.id_text(raw.id_of(document)) if name == "_id" else _folded(values.get(name), shown)
                 for name in identity])
    return key if all(key) else ()


def _folded(value: Any, shown: Shown) -> str:
    return "" if isinstance(value, (list, dict)) else folded(shown(value))


def _value(element: bytes) -> Any:
    """Decode an element as tables show it: with dates in UTC that do not say so."""
    return bson.decode(raw.build([(b"v", element)]), codec_options=exact.LENIENT)["v"]


def _name(number: int, cells: Mapping[str, str], identity: Sequence[str]) -> str:
    return " ".join(filter(None, (cells.get(name, "") for name in identity))) or f"row {number}"


class _NotKnownYet(Exception):
    """What types the fields have is wanted before all records have come by."""


@dataclass(frozen=True)
class _Convert:
    profile: LiveProfile | None
    """None while it is not known."""
    clear_empty: bool
    shown: Shown
    read: Read

    def over(
        self, live: bytes, values: Mapping[str, Any], cells: Mapping[str, str], pick: Pick | None
    ) -> Planned:
        """Say what the cells change of a record that is there; ``values`` are the record's."""
        identity = raw.id_text(raw.id_of(live))
        wanted, only = (True, None) if pick is None else pick.of(identity)
        if not wanted:
            return Planned("skipped", identity, why="not picked")
        doubtful = self._doubtful(values, cells)
        if not doubtful:
            return Planned("unchanged", identity)
        fields = raw.elements(live)
        old = dict(fields)
        new = {(key := name.encode()): self._element(name, text, old.get(key)) for name, text in doubtful.items()
               if name != "_id" and (text.strip() or self.clear_empty)}
        if len(old) == len(fields):
            return planner.over(new, live, fields, identity, only=only, same=same_text)
        # merged as a whole, it would lose what the table does not name
        if all(same_text(element, old.get(name)) for name, element in new.items()):
            return Planned("unchanged", identity)
        return Planned("conflict", identity, why="the record names a field twice, so it cannot be changed by a table")

    def _doubtful(self, values: Mapping[str, Any], cells: Mapping[str, str]) -> dict[str, str]:
        """Give the cells that may say something else than the record, nearly always few: the others need not be looked
        at as elements. A cell that says just what a field does leaves it, and an empty one no field."""
        shown, doubtful = self.shown, dict[str, str]()
        for name, text in cells.items():
            if name not in values:
                if text:
                    doubtful[name] = text
                continue
            value = values[name]
            # a name that is not UTF-8 decodes to one with replacement characters, and is another field
            if (text != value if type(value) is str else text != shown(value)) or "\ufffd" in name:
                doubtful[name] = text
        return doubtful

    def _element(self, name: str, text: str, old: bytes | None) -> bytes:
        value = None if old is None else _value(old)
        if old is not None and (text == (said := self.shown(value)) or _alike(text) == _alike(said)):
            return old
        typed = self.read(text, type(value)) if text and old is not None and not isinstance(text, Verbatim) else None
        return raw.element_of(self._typed(name, text) if typed is None else typed)

    def new(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """Make the fields of a new record."""
        fields = self._fields
        return {name: text if type(text) is str and (not text or name not in fields or fields[name].type in (str, None))
                else self._typed(name, text) for name, text in cells.items() if name != "_id"}

    @property
    def _fields(self) -> Mapping[str, FieldProfile]:
        if self.profile is None:
            raise _NotKnownYet
        return self.profile.fields

    def _typed(self, name: str, text: str) -> Any:
        if not text or isinstance(text, Verbatim):
            return str(text)
        known = self._fields.get(name)
        if known is None or known.type is None:
            return str(text)
        value = self.read(text, known.type)
        return text if value is None else value


def _alike(text: str) -> str:
    """Make the line ends of a text equal: programs that save a table change them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@dataclass
class _Alike:
    """Rows and records that say the same but for their number."""

    rows: list[tuple[int, str]] = field(default_factory=list)
    records: list[tuple[bytes, str]] = field(default_factory=list)


class _Equals:
    """Rows that no key tells apart, by what they say; each is one record that says the same."""

    def __init__(self, convert: _Convert, rows: Iterable[tuple[int, Mapping[str, str]]], numbered: str) -> None:
        self._numbered = numbered
        self._shown = convert.shown
        self._alike: dict[tuple[str, ...], dict[tuple[str, ...], _Alike]] = {}
        self._numbers: Counter[str] = Counter()
        """How many rows and records have a number; that of a pair of them counts twice."""
        for row, cells in rows:
            fields = convert.new(cells)
            number = self._said(fields.pop(numbered, None))
            self._numbers[number] += 1
            groups = self._alike.setdefault(tuple(fields), {})
            groups.setdefault(tuple(map(self._said, fields.values())), _Alike()).rows.append((row, number))

    def look_at(self, document: bytes, values: Mapping[str, Any]) -> None:
        """Keep a record that says what some row says; ``values`` are the document's."""
        if not self._alike:
            return
        number = self._said(values.get(self._numbered))
        self._numbers[number] += 1
        for names, groups in self._alike.items():
            if alike := groups.get(tuple([self._said(values.get(name)) for name in names])):
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

    def _said(self, value: Any) -> str:
        return _alike(self._shown(value))
