"""What differs between a backup and the current list, or between two backups, field by field.

Both sides are read once, in bounded memory. The differences lie in a temporary file as long as the result is held.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.records import expiry, raw
from backup_engine.records.content_sum import same_content
from backup_engine.records.expiry import Tally
from backup_engine.records.frames import frame
from backup_engine.records.matching import pairs
from backup_engine.records.planner import FieldChange, Same, combine, exactly, field_changes
from backup_engine.records.spool import Spool
from backup_engine.records.text import same_text
from backup_engine.repository import record_stream
from backup_engine.repository.record_stream import CURRENT, RecordStream
from backup_engine.verify import require
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "Difference", "Kind", "Setting", "compare"]

Kind = Literal["only_left", "only_right", "different"]
KINDS: tuple[Kind, ...] = ("only_left", "only_right", "different")
STEP = 10_000
"""Pairs of records between two reports of progress."""


@dataclass(frozen=True)
class Difference:
    """A record that is not the same on both sides, as raw BSON."""

    kind: Kind
    identity: str
    left: bytes | None
    right: bytes | None


@dataclass(frozen=True)
class Setting:
    """An index or a collection option that differs; None where one side has none."""

    name: str
    left: Any
    right: Any


@dataclass
class Comparison:
    """The result: counts, and the records that differ in the order they were found."""

    key: str
    left: str
    right: str
    same: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    updates: int = 0
    """Of those that are different, the records that a merge of the left side would change: what only the right side
    has of a record, and the order of its fields, stay in a merge."""
    rows: Spool[Difference] = field(default_factory=Spool)
    numbers: dict[Kind, array[int]] = field(default_factory=lambda: {kind: array("Q") for kind in KINDS})
    """Where in ``rows`` those of a kind are: the last page of 100,000 is as near as the first."""
    index_differences: tuple[Setting, ...] = ()
    option_differences: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    equal: Same = exactly
    """How values are compared, left against right."""

    @property
    def only_left(self) -> int:
        """Records only the left side has."""
        return self.counts["only_left"]

    @property
    def only_right(self) -> int:
        """Records only the right side has."""
        return self.counts["only_right"]

    @property
    def different(self) -> int:
        """Records both sides have with different content."""
        return self.counts["different"]

    @property
    def message(self) -> str:
        """One sentence for people."""
        return (f"{self.only_left:,} only in {self.left}, {self.only_right:,} only in {self.right}, "
                f"{self.different:,} different, {self.same:,} the same.")

    def of_kind(self, kind: Kind) -> Iterator[Difference]:
        """Give the differences of one kind."""
        return (self.rows[number] for number in self.numbers[kind])

    def page(self, kind: Kind, offset: int, limit: int) -> dict[int, Difference]:
        """Give up to ``limit`` differences of one kind from ``offset``, by their number in ``rows``."""
        return {number: self.rows[number] for number in self.numbers[kind][offset : offset + limit]}

    def fields(self, difference: Difference) -> list[FieldChange]:
        """Give the fields in which the record differs; none when only the order of its fields does."""
        return list(field_changes(difference.left, difference.right, self.equal))

    def field_table(self, limit: int = 10_000) -> pd.DataFrame:
        """Give up to ``limit`` rows ``record, field, left, right`` of the records that differ, as text."""
        return frame(list(_first(self._field_lines(), limit)), ["record", "field", self.left, self.right])

    def record_table(self, kind: Kind, limit: int = 10_000) -> pd.DataFrame:
        """Give up to ``limit`` records of one kind as text, one a row, fields as columns; of ``different`` the left."""
        records = [row.right if kind == "only_right" else row.left for row in _first(self.of_kind(kind), limit)]
        texts = [{raw.name_text(name): raw.element_text(element) for name, element in raw.elements(record)}
                 for record in records if record is not None]
        return frame(texts, None).fillna("") if texts else frame([], ["_id"])

    def _field_lines(self) -> Iterator[tuple[str, str, str, str]]:
        for row in self.of_kind("different"):
            changes = self.fields(row)
            if not changes:
                yield row.identity, "(order of the fields)", "", ""
            for change in changes:
                yield (row.identity, raw.name_text(change.name), raw.element_text(change.before),
                       raw.element_text(change.after))


def compare(
    ws: Workspace, left: BackupSet, right: BackupSet | Literal["current"] = CURRENT, key: str = "equipment",
    *, watch: Watch = SILENT,
) -> Comparison:
    """Compare one collection of a backup with the current list or with another backup.

    Raises ``VerificationFailed`` and its kin when stored bytes are not sound, ``DatabaseUnreachable``.
    """
    with ExitStack() as opened:
        left_side, right_side, notes = _open(ws, left, right, key, opened, watch)
        result = Comparison(key, left_side.name, right_side.name, notes=notes, equal=_rule(left_side, right_side))
        result.index_differences = _settings(_by_name(left_side.indexes), _by_name(right_side.indexes))
        result.option_differences = _settings(left_side.options, right_side.options)
        if isinstance(right, BackupSet) and same_content(left.parts[key], right.parts[key]):
            result.same = left.parts[key].records
        else:
            # what a restore of the left side would hand to the server's own deletion
            tally = Tally(expiry.rules(left_side.indexes or (), left_side.options or {}), ws.clock())
            _fill(result, replace(left_side, batches=tally.over(left_side.batches)), right_side, watch)
            if right == CURRENT:
                result.notes += tally.sentences(ws.source(key).collection)
    return result


def _open(
    ws: Workspace, left: BackupSet, right: BackupSet | Literal["current"], key: str, opened: ExitStack, watch: Watch
) -> tuple[RecordStream, RecordStream, tuple[str, ...]]:
    like_left = like_right = None
    notes: tuple[str, ...] = ()
    # Text takes its types and identities from the other side, so that both sides can be paired at all.
    if left.state == "legacy":
        like_left = record_stream.profile_of(ws, right, key, watch)
    if isinstance(right, BackupSet) and right.state == "legacy":
        like_right = record_stream.profile_of(ws, left, key, watch)
        if like_left is not None:
            like_left = None  # the right one takes its identities from the left as it is
    for backup, like in ((left, like_left), (right, like_right)):
        if isinstance(backup, BackupSet) and like is not None:
            identity = record_stream.legacy_identity(ws, backup, key, like, watch)
            notes += (f"Records of backup {backup.label} are recognised by {identity}." if identity else
                      f"No column recognises the records of backup {backup.label}: all count as different ones.",)
    require(ws, left, 1, keys=[key], watch=watch)
    left_side = record_stream.of_backup(ws, left, key, like=like_left, watch=watch)
    if isinstance(right, BackupSet):
        require(ws, right, 1, keys=[key], watch=watch)
        return left_side, record_stream.of_backup(ws, right, key, like=like_right, watch=watch), notes
    return left_side, opened.enter_context(record_stream.of_current(ws, key)), notes


def _fill(result: Comparison, left_side: RecordStream, right_side: RecordStream, watch: Watch) -> None:
    exact = result.equal is exactly
    for number, (left, right) in enumerate(pairs(left_side.batches, right_side.batches)):
        if number % STEP == 0:
            watch.step("Comparing", number)
        if left is None or right is None:
            _add(result, "only_right" if left is None else "only_left", left, right)
        elif left == right or not (exact or any(field_changes(left, right, result.equal))):
            result.same += 1
        else:
            _add(result, "different", left, right)
            result.updates += combine(left, right, "", same=result.equal).action == "update"


def _add(result: Comparison, kind: Kind, left: bytes | None, right: bytes | None) -> None:
    result.counts[kind] += 1
    result.numbers[kind].append(len(result.rows))
    identity = raw.id_text(raw.id_of(left if left is not None else right or b""))
    result.rows.append(Difference(kind, identity, left, right))


def _rule(left_side: RecordStream, right_side: RecordStream) -> Same:
    if left_side.textual:
        return same_text
    # same_text takes the text first.
    return (lambda left, right: same_text(right, left)) if right_side.textual else exactly


def _by_name(indexes: tuple[Mapping[str, Any], ...] | None) -> Mapping[str, Any] | None:
    if indexes is None:
        return None
    # "v" and "ns" are not chosen by anybody: the server writes them, each release its own.
    return {str(index["name"]): {name: value for name, value in index.items() if name not in ("v", "ns")}
            for index in indexes}


def _settings(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> tuple[Setting, ...]:
    if left is None or right is None:
        return ()
    # repr, because == takes 1 for True and 1.0, and the keys of an index for the same in any order.
    return tuple(Setting(name, left.get(name), right.get(name))
                 for name in {**left, **right} if repr(left.get(name)) != repr(right.get(name)))


def _first(rows: Iterator[Any], limit: int) -> Iterator[Any]:
    return (row for row, _ in zip(rows, range(limit), strict=False))
