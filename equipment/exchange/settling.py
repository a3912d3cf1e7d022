"""A plan in which no new record brings an ID that another one has: such a one gets another, or is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from backup_engine.records.planner import Planned
from equipment.exchange.numbering import without_id
from equipment.exchange.plan import Plan
from equipment.store.access import Db
from equipment.store.list import ids

__all__ = ["Settled", "settle"]


@dataclass(frozen=True)
class Settled:
    """A plan in which no new record brings an ID that is taken, and what those brought: row → ID."""

    planned: Plan
    taken: dict[int, str] = field(default_factory=dict)
    skip: bool = False

    def __iter__(self) -> Iterator[Planned]:
        return map(self._settled, self.planned)

    def __getitem__(self, place: int) -> Planned:
        return self._settled(self.planned[place])

    def _settled(self, entry: Planned) -> Planned:
        if entry.row not in self.taken:
            return entry
        return replace(entry, action="conflict", change=None, fields=(),
                       why=f"another record has the ID {self.taken[entry.row]}") if self.skip else without_id(entry)


def settle(db: Db, planned: Plan, *, skip: bool = False) -> Settled:
    """Take away the IDs that records of the list, of the trash, or earlier rows have, so that others are given; with
    ``skip`` such rows are left out instead, as conflicts."""
    held = ids.held(db, set(planned.brought.values()))
    taken = dict[int, str]()
    for place, text in planned.brought.items():
        if text in held:
            taken[place + 1] = text
        held.add(text)
    return Settled(planned, taken, skip)
