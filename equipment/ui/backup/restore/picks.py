"""What a person ticked for a merge: kept by set and collection, whatever part of it the page shows just now.

Only the table on the page tells Streamlit its ticks; another tab, chip or page of the table takes them away. So each
tick is written down here at once, by the record's identity and the field.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from weakref import ReferenceType, ref

import streamlit as st

from backup_engine.api import BackupSet, Comparison, Difference, Pick
from backup_engine.records.planner import combine
from backup_engine.records.raw import name_text
from equipment.ui.backup import words
from equipment.ui.backup.restore.place import Place

__all__ = ["Part", "Picks", "blocked", "consequence", "drop", "lines_of", "mark", "of", "told", "wording"]

Part = tuple[str, str | None]
"""A record by the text of its identity, and one of its fields; None: the whole record, which the list does not have."""

KEPT = "restore_picks"
ORDER = "(order of the fields)"


@dataclass
class Picks:
    """What is picked of one collection of a set."""

    chosen: dict[Part, int | None] = field(default_factory=dict)
    """With the number of the record among the differences; None: the comparison that was met last lacks it."""
    drawn: int = 0
    """Counts what makes the tables forget their own ticks: a new comparison, and dropping."""
    met: ReferenceType[Comparison] | None = None
    asked: frozenset[Part] = frozenset()
    """What a merge was started for: such a pick is done when a comparison no longer shows it."""

    @property
    def gone(self) -> int:
        """How many records were picked that no longer differ as they did then."""
        return len({identity for (identity, _), number in self.chosen.items() if number is None})

    @property
    def pick(self) -> Pick:
        """What a merge is to take; nothing at all when every pick is gone."""
        fields: dict[str, set[str]] = defaultdict(set)
        for identity, name in self.there:
            fields[identity] |= set() if name is None else {name}
        return Pick({identity: frozenset(names) or None for identity, names in fields.items()})

    def meet(self, comparison: Comparison) -> None:
        """Look for the picks among the differences of a comparison that was not seen before."""
        if self.met is not None and self.met() is comparison:
            return
        self.met, self.drawn = ref(comparison), self.drawn + 1
        wanted = {identity for identity, _ in self.chosen}
        rows = enumerate(comparison.rows if wanted else ())
        there = {part: number for number, row in rows if row.identity in wanted for part in lines_of(comparison, row)}
        self.chosen = {part: there.get(part) for part in self.chosen if part in there or part not in self.asked}
        self.asked = frozenset()

    def take(self, comparison: Comparison, offered: Sequence[tuple[Part, int]], ticked: Collection[int]) -> None:
        """Note which of the rows ``offered`` on the page, each with the number of its record, are ticked."""
        for place, (part, number) in enumerate(offered):
            if place not in ticked:
                self.chosen.pop(part, None)
            elif part[1] != ORDER:  # a merge keeps the order that the list has
                self.chosen[part] = number
        if self.met is None or self.met() is not comparison:
            self.met = None  # the numbers are those of an older one

    def start(self) -> None:
        """Remember that a merge of what is picked was started."""
        self.asked = frozenset(self.there)

    def count(self) -> tuple[int, int, int]:
        """Count picked whole records, picked fields, and the records that these are of."""
        there = self.there
        fields = [identity for identity, name in there if name is not None]
        return len(there) - len(fields), len(fields), len(set(fields))

    def actions(self, comparison: Comparison) -> Counter[str]:
        """Count what a merge would do with each picked record, by the rule that it goes by."""
        numbers = {number for number in self.chosen.values() if number is not None}
        rows = [row for row in map(comparison.rows.__getitem__, sorted(numbers)) if row.left is not None]
        pick = self.pick
        return Counter(combine(row.left, row.right, row.identity, pick=pick, same=comparison.equal).action
                       for row in rows if row.left is not None)

    @property
    def there(self) -> list[Part]:
        """What is picked and differs."""
        return [part for part, number in self.chosen.items() if number is not None]


def lines_of(comparison: Comparison, row: Difference) -> list[Part]:
    """Give what can be picked of a record that differs, a line of the table each."""
    if row.kind != "different":
        return [(row.identity, None)]
    names = [name_text(change.name) for change in comparison.fields(row)]
    return [(row.identity, name) for name in names or [ORDER]]


def of(where: Place, backup: BackupSet, key: str) -> Picks:
    """Give this visitor's picks of one collection of a set."""
    kept: dict[tuple[str, str, str], Picks] = st.session_state.setdefault(KEPT, {})
    return kept.setdefault((where.remote, backup.backup_id, key), Picks())


def wording(picked: Mapping[str, Picks]) -> str:
    """Name what is picked: ``2 picked records``; empty when nothing was, or nothing of it is left."""
    whole, fields, records = map(sum, zip((0, 0, 0), *(each.count() for each in picked.values()), strict=True))
    parts = [words.count(whole, "picked record")] if whole else []
    if fields:
        parts.append(f"{words.count(fields, 'picked field')} of {words.count(records, 'record')}")
    return " and ".join(parts)


def consequence(picked: Mapping[str, Picks], compared: Mapping[str, Comparison]) -> str:
    """Say in numbers what the merge of the picks would do."""
    does = _actions(picked, compared)
    idle = does["unchanged"] + does["skipped"]
    stay = f" {words.count(idle, 'of them stays', 'of them stay')} as the list has it: a merge takes no field away." \
        if idle else ""
    return (f"Merge of {wording(picked)}: {does['insert']:,} added, {does['update']:,} changed to the backup's values; "
            f"every other record stays as it is.{stay}")


def told(picked: Mapping[str, Picks]) -> str:
    """Say of picks that a newer comparison no longer shows that they count no more; empty when there are none."""
    gone = sum(picks.gone for picks in picked.values())
    if not gone:
        return ""
    return (f"{words.count(gone, 'picked record')} no longer {'differs' if gone == 1 else 'differ'} as when "
            f"{'it was' if gone == 1 else 'they were'} picked, and will not be restored.")


def blocked(picked: Mapping[str, Picks], compared: Mapping[str, Comparison]) -> str:
    """Say why the picks cannot be restored; empty when they can, or nothing was picked."""
    if not any(picks.chosen for picks in picked.values()):
        return ""
    if not wording(picked):
        return "Nothing of what was picked differs any more. Pick again, or drop the picks to merge everything."
    does = _actions(picked, compared)
    return "" if does["insert"] or does["update"] else "What is picked would change nothing in the list."


def _actions(picked: Mapping[str, Picks], compared: Mapping[str, Comparison]) -> Counter[str]:
    return sum((picks.actions(compared[key]) for key, picks in picked.items()), Counter())


def mark(picked: Mapping[str, Picks]) -> str:
    """Give a short text that changes with the picks, for what is tied to exactly these; empty without any."""
    parts = sorted((key, identity, name or "") for key, picks in picked.items() for identity, name in picks.there)
    return f"_{sha256(repr(parts).encode()).hexdigest()[:16]}" if parts else ""


def drop(picked: Mapping[str, Picks]) -> None:
    """Pick nothing of these."""
    for picks in picked.values():
        picks.chosen.clear()
        picks.drawn += 1
