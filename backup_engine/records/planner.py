"""What a merge means for one record. Pure; the one rule behind preview, compare and the run itself.

A record that is absent is inserted. A record that is there keeps its own fields and their order; fields of the
incoming record replace or join them. Fields and records that only the live list has stay.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from backup_engine.records import raw
from backup_engine.records.changes import Change
from backup_engine.records.matching import Pair

__all__ = [
    "Action", "Added", "FieldChange", "Pick", "Planned", "Same", "combine", "exactly", "field_changes", "over",
    "plan_pairs",
]

Action = Literal["insert", "update", "unchanged", "conflict", "skipped", "only_live"]

Same = Callable[[bytes | None, bytes | None], bool]
"""Whether the incoming and the live element of a field mean the same; None is a missing field."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a record before and after, as elements; None is a missing field."""

    name: bytes
    before: bytes | None
    after: bytes | None


class Added(Sequence[FieldChange]):
    """The fields of a new record, made when somebody looks: for 100,000 of 19 fields they took 400 MB and 5 s."""

    __slots__ = ("_document",)

    def __init__(self, document: bytes) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(dict(raw.elements(self._document)))

    def __getitem__(self, place: Any) -> Any:
        return tuple(field_changes(None, self._document))[place]

    def __iter__(self) -> Iterator[FieldChange]:
        return field_changes(None, self._document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True)
class Pick:
    """Which part of a merge is wanted.

    ``records``: by the text of the identity, the wanted fields of that record (None: all). ``fields``: the wanted
    fields of every record. None means no restriction. Picked fields change records that are there; they bring no
    record back.
    """

    records: Mapping[str, frozenset[str] | None] | None = None
    fields: frozenset[str] | None = None

    def of(self, identity: str) -> tuple[bool, frozenset[str] | None]:
        """Tell whether the record is wanted, and which of its fields (None: all)."""
        if self.records is None:
            return True, self.fields
        if identity not in self.records:
            return False, None
        mine = self.records[identity]
        if mine is None or self.fields is None:
            return True, self.fields if mine is None else mine
        return True, mine & self.fields


@dataclass(frozen=True)
class Planned:
    """What will happen to one record; ``change`` is what ``guarded.apply`` takes."""

    action: Action
    identity: str
    change: Change | None = None
    fields: Sequence[FieldChange] = ()
    why: str = ""
    row: int = field(default=0, compare=False)
    """Number of the incoming row from 1, where there are rows."""


def exactly(incoming: bytes | None, live: bytes | None) -> bool:
    """Hold values for the same only when their bytes are."""
    return incoming == live


def plan_pairs(
    pairs: Iterable[Pair], *, pick: Pick | None = None, same: Same = exactly,
    identity: Callable[[bytes], str] = lambda document: raw.id_text(raw.id_of(document)),
) -> Iterator[Planned]:
    """Decide for each pair of an incoming and a live record; what is only live comes out as ``only_live``."""
    for incoming, live in pairs:
        if incoming is None:
            yield _ONLY_LIVE
        elif incoming == live:
            yield _UNCHANGED
        else:
            yield combine(incoming, live, identity(incoming), pick=pick, same=same)


def combine(
    incoming: bytes, live: bytes | None, identity: str, *, pick: Pick | None = None, same: Same = exactly
) -> Planned:
    """Decide for one incoming record and its live partner."""
    wanted, only = (True, None) if pick is None else pick.of(identity)
    if not wanted:
        return Planned("skipped", identity, why="not picked")
    if live is None:
        if only is not None:
            return Planned("skipped", identity, why="only fields were picked and the record is not in the list")
        return Planned("insert", identity, Change(None, incoming), Added(incoming))
    new, old = raw.elements(incoming), raw.elements(live)
    if len(dict(new)) < len(new) or len(dict(old)) < len(old):
        return _whole(incoming, live, identity, only)
    return over(dict(new), live, old, identity, only=only, same=same)


def over(
    new: Mapping[bytes, bytes], live: bytes, old: list[tuple[bytes, bytes]], identity: str, *,
    only: frozenset[str] | None = None, same: Same = exactly,
) -> Planned:
    """Decide for elements, by name, that come over a record that is there; ``old`` are its elements, each name once."""
    changes = _changed(new, dict(old), only, same)
    if not changes:
        return Planned("unchanged", identity)
    return Planned("update", identity, Change(live, _merged(old, new, changes)), tuple(changes.values()))


def field_changes(before: bytes | None, after: bytes | None, same: Same = exactly) -> Iterator[FieldChange]:
    """Give the fields in which two records differ, in the order of the first, then of the second."""
    old = {} if before is None else dict(raw.elements(before))
    new = {} if after is None else dict(raw.elements(after))
    for name in {**old, **new}:
        if not same(old.get(name), new.get(name)):
            yield FieldChange(name, old.get(name), new.get(name))


def _changed(
    new: Mapping[bytes, bytes], old: Mapping[bytes, bytes], only: frozenset[str] | None, same: Same
) -> dict[bytes, FieldChange]:
    return {
        name: FieldChange(name, old.get(name), element)
        for name, element in new.items()
        if name != b"_id" and (only is None or raw.name_text(name) in only) and not same(element, old.get(name))
    }


def _merged(old: list[tuple[bytes, bytes]], new: Mapping[bytes, bytes], changed: Container[bytes]) -> bytes:
    present = {name for name, _ in old}
    kept = [(name, new[name] if name in changed else element) for name, element in old]
    return raw.build(kept + [(name, new[name]) for name in new if name in changed and name not in present])


def _whole(incoming: bytes, live: bytes, identity: str, only: frozenset[str] | None) -> Planned:
    """A record that names a field twice cannot be merged field by field: it is taken as a whole."""
    if only is not None:
        return Planned("skipped", identity, why="it names a field twice, so single fields cannot be picked")
    return Planned("update", identity, Change(live, incoming), tuple(field_changes(live, incoming)))


_ONLY_LIVE = Planned("only_live", "")
_UNCHANGED = Planned("unchanged", "")
