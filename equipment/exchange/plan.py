"""What an import would do, row by row, on the disk: a plan of 100,000 rows that change takes 20 MB here instead of 300.

What the screens ask at every click is counted once, while the plan is made.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backup_engine.records import raw
from backup_engine.records.live_profile import key_text
from backup_engine.records.planner import Action, Planned
from backup_engine.records.spool import Spool
from equipment.exchange.numbering import brings, id_of, keep_ids

__all__ = ["CHANGING", "Plan", "make"]

CHANGING: tuple[Action, ...] = ("insert", "update", "conflict")
"""What the difference table shows; the rest is only counted."""


@dataclass
class Plan:
    """One ``Planned`` for every row, in the order of the file."""

    rows: Spool[Planned] = field(default_factory=Spool)
    counts: Counter[Action] = field(default_factory=Counter)
    places: dict[Action, array[int]] = field(default_factory=lambda: {action: array("L") for action in CHANGING})
    """Where in ``rows`` those of each action are."""
    brought: dict[int, str] = field(default_factory=dict)
    """The IDs that new records bring: place in ``rows`` → ID, as ``key_text`` writes it."""
    joined: list[str] = field(default_factory=list)
    """The IDs that records get which are there and have none."""
    cells: int = 0
    """Cells of records that are there which would change."""
    others: int = 0
    """Rows that are a record in which most of what they say is said otherwise. With many of these it is another list,
    whose numbers mean other things."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Planned]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Planned:
        return self.rows[place]

    @property
    def known(self) -> int:
        """Rows that are a record of the list."""
        return self.counts["update"] + self.counts["unchanged"]

    def page(self, actions: Sequence[Action], offset: int, limit: int) -> list[Planned]:
        """Give up to ``limit`` rows of these actions from the ``offset``-th of them, in the order of the file."""
        every: Iterable[int] = self.places[actions[0]] if len(actions) == 1 else sorted(
            place for action in actions for place in self.places[action])
        return [self.rows[place] for place in list(every)[offset : offset + limit]]


def make(planned: Iterable[Planned], rows: Sequence[Mapping[str, str]]) -> Plan:
    """Take down what ``plan_rows`` says of ``rows``; a record that was recognised keeps its ID."""
    plan = Plan()
    for entry in keep_ids(planned):
        place = len(plan)
        plan.rows.append(entry)
        plan.counts[entry.action] += 1
        if entry.action in plan.places:
            plan.places[entry.action].append(place)
        if entry.action == "insert" and (text := id_of(entry)):
            plan.brought[place] = text
        if entry.action == "update":
            plan.joined += filter(None, [brings(entry)])
            plan.cells += len(entry.fields)
            plan.others += _says_otherwise(entry, rows[entry.row - 1])
    return plan


def _says_otherwise(entry: Planned, row: Mapping[str, str]) -> bool:
    said = sum(bool(text.strip()) for text in row.values()) - 1
    overwritten = sum(change.before is not None and bool(key_text(raw.value_of(change.before)))
                      for change in entry.fields)
    return said > 1 and overwritten > said / 2
