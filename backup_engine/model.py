"""The nouns of the engine: frozen, without behaviour beyond what follows from their own fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any, Literal, Protocol

from backup_engine.errors import Cancelled, NoSpace

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Folder names by ``datetime.weekday()``; English and lower-case whatever the locale."""

Batch = bytes
"""Whole BSON documents, one after the other, as the server sends them. What flows between the streams."""

Clock = Callable[[], datetime]
"""Gives the present moment as an aware datetime in local time."""

Trigger = Literal["manual", "auto", "scheduled", "continuous", "pre_restore", "imported"]
"""Why a set is made. On disk ``continuous`` is ``auto`` with a key beside it, which earlier versions pass over."""
Kind = Literal["full", "differential"]
State = Literal["complete", "legacy", "damaged", "newer", "orphan"]
ColumnType = Literal["string", "int32", "int64", "double", "bool", "date", "objectId", "decimal", "uuid", "json"]


@dataclass(frozen=True)
class Source:
    """One collection under backup: ``key`` names files and metadata, ``collection`` is its name in MongoDB."""

    key: str
    collection: str


@dataclass(frozen=True)
class Room:
    """The disk under the database's own files, where the application can see it: bytes free, and the least to keep."""

    place: str
    free: int
    least: int

    @property
    def short(self) -> bool:
        """Whether nothing more may be written into the database than must be."""
        return self.free < self.least

    def lacks(self, more: int) -> bool:
        """Whether that many bytes more would leave too little."""
        return self.free - more < self.least

    def refusal(self, more: int = 0) -> NoSpace:
        """Say why the list is read-only, or what this one deed of so many bytes lacks, and what helps."""
        needed = self.least + more
        said = (f"{self.free / 1e6:,.0f} MB are free on the disk of the data folder {self.place}, and "
                f"{needed / 1e6:,.0f} MB are needed")
        missing = max(1, round((needed - self.free) / 1e6))
        if more:
            return NoSpace(said, hint=f"Free {missing:,} MB on that disk, then try again.")
        return NoSpace(f"{said}; until then the list is read-only",
                       hint=f"Free {missing:,} MB on that disk: the list then takes changes again by itself.")


OWNER_SOURCES = (Source("equipment", "Equipment"), Source("select_options", "Equipment_select_options"))
"""The two collections this product backs up by default."""


@dataclass(frozen=True)
class Column:
    """A CSV column: a top-level field and the type its plain cells have."""

    name: str
    type: ColumnType


@dataclass(frozen=True)
class Layout:
    """How rows map to documents: the columns, and the field orders that differ from theirs.

    ``orders[n]`` lists field names in the order of a document whose ``~`` cell says ``{"order":n}``.
    """

    columns: tuple[Column, ...]
    orders: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Written:
    """What writing one CSV established; the numbers and hashes of ``docs/backup-format.md``."""

    records: int
    plain_bytes: int
    stored_bytes: int
    stored_sha256: str
    content_sha256: str
    blocks: tuple[str, ...]
    layout: Layout
    rescued: int = 0
    """Documents that took the ``bson`` route because nothing else carries them exactly."""


@dataclass(frozen=True)
class Table:
    """What a set says of the table of digests that was written with it: ``digests`` of a collection's metadata."""

    sha256: str
    """Of the table itself: two rows exchanged have the same sum."""
    proven: datetime
    """When the oldest of the set's rows was proven (UTC): rows of earlier sets are copied, and proven once."""
    codec: int
    """Which encoder made the rows."""


@dataclass(frozen=True)
class Part:
    """One collection inside a backup set: ``collections.<key>`` of its metadata.

    Legacy sets know only ``key``, ``file`` and ``records``; there the other fields keep their defaults.
    """

    key: str
    collection: str
    file: str | None
    records: int
    plain_bytes: int = 0
    stored_sha256: str = ""
    content_sha256: str = ""
    blocks: tuple[str, ...] = ()
    layout: Layout = Layout(())
    stored_bytes: int = 0
    rows: int | None = None
    """Rows in the file of a differential set, tombstones included; ``None`` in a full set, where it is ``records``."""
    deleted: int = 0
    """How many of those rows are tombstones."""
    file_sha256: str = ""
    """Content hash of the rows in the file of a differential set; ``content_sha256`` is of what it restores."""
    options: Mapping[str, Any] = field(default_factory=dict)
    indexes: tuple[Mapping[str, Any], ...] = ()
    table: Table | None = None
    """Of a full set that was written with a table of digests."""

    @property
    def as_file(self) -> Part:
        """The same part with the counts and hash of its own file: what reading that file must give."""
        if self.rows is None:
            return self
        return replace(self, records=self.rows, content_sha256=self.file_sha256)


_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(?:\d\d)?$")
"""At the end of ``timezone`` in the metadata; seconds are of times before there were zones."""

COMMENT_LENGTH = 500
"""Characters of what a person may say about a set."""


@dataclass(frozen=True)
class BackupSet:
    """One backup as it lies on disk: up to three files of one label in one day's folder."""

    label: str
    day: str
    state: State
    metadata_file: str
    metadata: Mapping[str, Any]
    parts: Mapping[str, Part]
    backup_id: str
    seq: int
    trigger: str
    kind: str
    base: str | None
    started: datetime
    """Aware, UTC."""
    pinned: bool = False
    problem: str = ""
    """Why the state is not ``complete``, in words."""
    warnings: tuple[str, ...] = ()

    @cached_property
    def local(self) -> datetime:
        """``started`` as the clock on the wall showed it where the set was made; UTC where its metadata is silent."""
        said = _OFFSET.search(self._text(self.metadata.get("timezone")))
        if said is None:
            return self.started
        east = timedelta(hours=int(said[2]), minutes=int(said[3])) * (-1 if said[1] == "-" else 1)
        try:
            return self.started.astimezone(timezone(east))
        except (OverflowError, ValueError):  # a day or more, or beside the years 1 to 9999
            return self.started

    @cached_property
    def database_id(self) -> str:
        """The id of the database it was made of; empty where none was known. See ``ownership``."""
        return self._text(self._source.get("database_id"))

    @cached_property
    def database(self) -> str:
        """What that database is called; empty for a set made of documents."""
        return self._text(self._source.get("database"))

    @cached_property
    def replica_set(self) -> str:
        """What its replica set is called; empty on a standalone and in sets of version 1.1 and before."""
        return self._text(self._source.get("replica_set"))

    @cached_property
    def number(self) -> int | None:
        """The number its database gave it; None where the database could not note it."""
        number = self._source.get("number")
        return number if type(number) is int else None

    @cached_property
    def place(self) -> str:
        """What tells it from every other set in the folder, damaged ones and orphans included."""
        return f"{self.day}/{self.label}/{self.backup_id}"

    @cached_property
    def reseals(self) -> str:
        """The id of the set that this one holds under other keys or compression; empty for most (``reseal``)."""
        return self._text(self._resealed.get("backup_id"))

    @cached_property
    def originals(self) -> tuple[str, ...]:
        """The ids of all sets that it holds instead of: the one it was made of first, then what that was made of."""
        before = self._resealed.get("before")
        earlier = before if isinstance(before, (list, tuple)) else ()
        return tuple(filter(None, (self.reseals, *map(self._text, earlier)))) if self.reseals else ()

    @cached_property
    def order(self) -> int:
        """Its place among the sets: ``seq``, but a resealed set takes the place of the one it was made of."""
        seq = self._resealed.get("seq")
        return seq if self.reseals and type(seq) is int and seq >= 0 else self.seq

    @property
    def superseded(self) -> bool:
        """Whether a resealed set holds what it does: it may be removed."""
        return bool(self._text(self.metadata.get("superseded")))

    @property
    def _resealed(self) -> Mapping[str, Any]:
        about = self.metadata.get("reseals")
        return about if isinstance(about, Mapping) else {}

    @cached_property
    def encrypted(self) -> bool:
        """Whether any of its files is encrypted, by its name."""
        return any((part.file or "").endswith(".age") for part in self.parts.values())

    @cached_property
    def companion(self) -> str:
        """The ``backup_id`` of the set of the application's own data that was made with it; empty without one."""
        about = self.metadata.get("application")
        return self._text(about.get("backup_id")) if isinstance(about, Mapping) else ""

    @cached_property
    def of(self) -> str:
        """Of a set of the application's own data: the ``backup_id`` of the list's set it was made with, or empty."""
        return self._text(self.metadata.get("of"))

    @cached_property
    def comment(self) -> str:
        """What a person said about it, in a line that can be shown: anybody may have edited the metadata."""
        said = self._text(self.metadata.get("comment"))[:COMMENT_LENGTH]
        return "".join(sign if sign.isprintable() else " " for sign in said)

    @cached_property
    def rank(self) -> tuple[int, bool, int, str]:
        """Where it comes among all sets: those of the original system by label, the others in their order."""
        return self.order, self.state != "legacy", self.seq, self.label

    @property
    def usable(self) -> bool:
        """Whether it may be previewed and offered for restore (its bytes are verified then, not now)."""
        return self.state in ("complete", "legacy")

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Records by collection key, as the set restores them."""
        return {key: part.records for key, part in self.parts.items()}

    @property
    def _source(self) -> Mapping[str, Any]:
        about = self.metadata.get("source")  # of a damaged set it may be anything
        return about if isinstance(about, Mapping) else {}

    @staticmethod
    def _text(value: object) -> str:
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Progress:
    """Where a long operation is: a phase in words, and how many of how many."""

    phase: str
    done: int = 0
    total: int | None = None
    final: bool = False
    """Whether the point of no return is behind it: from then on nobody can stop it."""


class Watch:
    """The line between a long operation and whoever waits for it: progress one way, cancel the other."""

    def __init__(
        self, report: Callable[[Progress], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self._report = report
        self._cancelled = cancelled

    @property
    def cancelled(self) -> bool:
        """Whether the other side asked to stop."""
        return self._cancelled is not None and self._cancelled()

    def step(self, phase: str, done: int = 0, total: int | None = None) -> None:
        """Report where the operation is. Raises ``Cancelled`` when the other side asked to stop."""
        if self.cancelled:
            raise Cancelled("nothing was changed")
        if self._report is not None:
            self._report(Progress(phase, done, total))

    def tell(self, progress: Progress) -> None:
        """Report where the operation is, whoever asked to stop: past the point of no return."""
        if self._report is not None:
            self._report(progress)


SILENT = Watch()
"""A watch nobody looks at."""


APPLICATION = "application"
"""The role of a set that holds the application's own data."""


def _counts(key: str, document: bytes) -> bool:
    return True


@dataclass(frozen=True)
class TakenBack:
    """What taking the application's own data back changes, or would change."""

    counts: Mapping[str, Mapping[str, int]]
    """By key of the collection: how many documents were ``added``, ``changed``, ``unchanged``, ``kept`` …"""
    notes: tuple[str, ...] = ()
    """What a person should know of it, in sentences without a full stop."""


class TakeBack(Protocol):
    """How an application takes its own data back: by rules that only it knows."""

    def __call__(
        self, database: Any, saved: Callable[[str], Iterable[Batch]], *, undo: bool, dry_run: bool, watch: Watch
    ) -> TakenBack:
        """Bring back what ``saved`` gives for each key; a dry run only counts. ``undo`` says that it is what was
        there before the last time. Raises ``BadInput`` for what must not be brought back."""


@dataclass(frozen=True)
class Application:
    """The collections that an application keeps beside the list, which are saved with it and apart from it."""

    sources: tuple[Source, ...]
    called: str = "the application's own data"
    take_back: TakeBack | None = None
    counts: Callable[[str, bytes], bool] = _counts
    """Whether a document of that key is a change worth a backup; an entry about a backup is none."""
    not_given: Callable[[], Mapping[str, str]] = dict
    """What no backup holds and this machine has not been told (secrets, addresses, keys): what each setting is for, by
    its name."""
