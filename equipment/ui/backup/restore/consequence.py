"""What a restore, merge or undo would do to the list, in one sentence with numbers."""

from __future__ import annotations

from collections.abc import Mapping

from backup_engine.api import Comparison

__all__ = ["in_words", "merges", "taken_back"]


def in_words(compared: Mapping[str, Comparison], mode: str) -> str:
    """Say in numbers what the restore would do."""
    if mode == "replace":
        return f"Replace: the list becomes exactly this backup: {_numbers(compared)}."
    if not merges(compared):
        return "Merge: nothing would be changed. All that this backup has is in the list as it is in the backup."
    added, removed, _ = _counts(compared)
    return (f"Merge: {added:,} added, {_updates(compared):,} changed to the backup's values, {removed:,} that only the "
            f"current list has stay.")


def taken_back(compared: Mapping[str, Comparison]) -> str:
    """Say in numbers what taking the last restore back would do."""
    return f"the list becomes what it was before it: {_numbers(compared)}."


def merges(compared: Mapping[str, Comparison]) -> bool:
    """Whether a merge of everything would change anything."""
    return any(comparison.only_left for comparison in compared.values()) or _updates(compared) > 0


def _numbers(compared: Mapping[str, Comparison]) -> str:
    added, removed, changed = _counts(compared)
    return f"{added:,} added, {removed:,} removed, {changed:,} changed"


def _counts(compared: Mapping[str, Comparison]) -> tuple[int, int, int]:
    each = compared.values()
    return (sum(comparison.only_left for comparison in each), sum(comparison.only_right for comparison in each),
            sum(comparison.different for comparison in each))


def _updates(compared: Mapping[str, Comparison]) -> int:
    return sum(comparison.updates for comparison in compared.values())
