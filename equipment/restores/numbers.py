"""What a restore, merge or undo does to the list in numbers: counted right before it, said after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backup_engine import api
from backup_engine.api import BackupSet, Comparison, Merged, Restored, Watch

__all__ = ["Done", "Numbers", "Said", "compared", "for_journal", "merged", "replaced"]


@dataclass(frozen=True)
class Numbers:
    """Records of one collection before and after, and what made the difference."""

    before: int
    after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Said:
    """What the engine answered to the merge of one collection, without its report of every record."""

    message: str
    extent: str


@dataclass(frozen=True)
class Done:
    """What was made of the list, and by which set."""

    source: BackupSet
    answers: tuple[Any, ...]
    """A ``Restored``, or a ``Said`` for each collection of a merge."""
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    """By key of the collection."""
    safety: BackupSet | None = None
    """The set an undo would bring back; None where nothing was changed."""

    @property
    def message(self) -> str:
        """All of the engine's answers, for the activity log."""
        return " ".join(str(answer.message) for answer in self.answers)


def compared(
    ws: api.Workspace, backup: BackupSet, keys: Iterable[str], expected: Mapping[str, Mapping[Any, int]], watch: Watch
) -> dict[str, Numbers]:
    """Count what replacing the list by the set would do.

    Raises ``RestoreStopped`` when that is not what an earlier comparison ``expected``: somebody changed the list since.
    """
    numbers = {}
    for key in keys:
        comparison = api.compare(ws, backup, "current", key, watch=watch)
        if key in expected and comparison.counts != expected[key]:
            raise api.RestoreStopped("the list changed since the comparison", hint="Compare again.")
        numbers[key] = _of(comparison)
    return numbers


def for_journal(numbers: Mapping[str, Numbers]) -> dict[str, dict[str, int]]:
    """Put them as the engine's journal keeps them."""
    return {key: {"added": each.added, "removed": each.removed, "changed": each.changed}
            for key, each in numbers.items()}


def replaced(source: BackupSet, answer: Restored, numbers: Mapping[str, Numbers]) -> Done:
    """Say what a replace did. The records after it are those that the engine has counted."""
    after = {key: replace(each, after=answer.counts.get(key, each.after)) for key, each in numbers.items()}
    return Done(source, (answer,), after, answer.safety)


def merged(source: BackupSet, keys: Iterable[str], answers: Sequence[Merged]) -> Done:
    """Say what a merge did; an answer for each key."""
    safety = next((answer.safety for answer in answers if answer.safety is not None), None)
    numbers = {}
    for key, answer in zip(keys, answers, strict=True):
        if answer.safety is not None:
            before = answer.safety.counts.get(key, 0)
            numbers[key] = Numbers(before, before + answer.inserted, answer.inserted, 0, answer.updated)
    return Done(source, tuple(Said(answer.message, answer.extent) for answer in answers), numbers, safety)


def _of(comparison: Comparison) -> Numbers:
    kept = comparison.same + comparison.different
    return Numbers(kept + comparison.only_right, kept + comparison.only_left, comparison.only_left,
                   comparison.only_right, comparison.different)
