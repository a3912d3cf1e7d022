"""One run that makes one set: a label and a number of its own, files under temporary names, then the commit.

Until ``commit`` has returned nothing of the run is listed, and ``abandon`` leaves the folder as it was.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backup_engine.csv_format import age
from backup_engine.errors import BackupError, Busy, NoSpace, PermissionDenied
from backup_engine.failpoints import reach
from backup_engine.keys import choice, safety
from backup_engine.locking.locks import Hold
from backup_engine.making import digests
from backup_engine.model import BackupSet, Kind, Part, Written
from backup_engine.ownership.settling import stamp
from backup_engine.repository import intents, manifest, readme
from backup_engine.repository.intents import Intent
from backup_engine.repository.manifest import Header, Origin
from backup_engine.storage.base import STATE, Draft
from backup_engine.workspace import Workspace

SPARE_BYTES = 16 << 20
"""Room to be left besides twice the last set."""
_CLAIM = "seq_"
_LABEL = re.compile(r"(?=(\d{8}_\d{6}))")
"""Anywhere in a name, also where one begins within another."""
_CLAIMS_KEPT = 50
"""A host that looked before us, without a common lock, must still find our number taken."""


@dataclass
class Run:
    """A set in the making, within ``running``."""

    ws: Workspace
    """As the caller has it, but with the seal that counts; until the files are published it opens them as well."""
    hold: Hold
    trigger: str
    interval_hours: float
    started: datetime
    seq: int
    backup_id: str = field(default_factory=lambda: secrets.token_hex(16))
    warnings: list[str] = field(default_factory=list)
    beside: Sequence[BackupSet] = ()
    """The sets that lay there at the start."""
    drafts: dict[str, Draft] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    digests: dict[str, Draft] = field(default_factory=dict)
    keyed: bool = True
    """Whether a later run may be able to open what this one writes."""
    claimed: bool = False
    """Whether the label is ours: the intent file is written."""
    of: str = ""
    """The ``backup_id`` of the list's set that this one belongs to."""
    companion: str = ""
    """The ``backup_id`` of the set of the application's own data that belongs to this one."""
    _published: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The local second in which the run started."""
        return manifest.label_of(self.started)

    @property
    def day(self) -> str:
        """The folder of the local day on which the run started."""
        return manifest.day_of(self.started)

    def reach(self, step: int) -> None:
        """Say that a step is done: W2 and so on, of the application's own data A2 and so on."""
        reach(f"{'A' if self.ws.role else 'W'}{step}")

    def draft(self, key: str) -> Draft:
        """Start one collection's file, instead of an earlier attempt at it."""
        self.drop(key)
        self.drafts[key] = self.ws.storage.draft(self.day, self.label)
        return self.drafts[key]

    def digests_of(self, key: str) -> Draft:
        """Start the table of digests that goes with a collection's file."""
        self.digests[key] = self.ws.storage.draft(STATE, "put")
        return self.digests[key]

    def drop(self, key: str) -> None:
        """Forget an attempt at a file."""
        for drafts in (self.drafts, self.digests):
            if key in drafts:
                drafts.pop(key).discard()
        self.parts.pop(key, None)

    def part(self, key: str, collection: str, written: Written, **more: Any) -> Part:
        """Note what was written for a collection."""
        self.parts[key] = Part(
            key=key, collection=collection, file=manifest.part_name(key, self.label, self.ws.seal.suffix),
            plain_bytes=written.plain_bytes, stored_bytes=written.stored_bytes,
            stored_sha256=written.stored_sha256, blocks=written.blocks, layout=written.layout,
            **{"records": written.records, "content_sha256": written.content_sha256, **more},
        )
        return self.parts[key]

    def stored(self, part: Part, size: int, sha256: str) -> Part:
        """Give a part of another set as it is stored here: the same rows, in a file of this run."""
        name = manifest.part_name(part.key, self.label, self.ws.seal.suffix)
        return replace(part, file=name, stored_bytes=size, stored_sha256=sha256)

    def publish(self) -> None:
        """W8: give the files their final names, if the lease is still ours."""
        self._forget_key()
        self.hold.check()
        for key, part in self.parts.items():
            assert part.file is not None
            with self._naming(part.file):
                self.drafts[key].publish(part.file)
        # W8 ends on the disk: after a power cut no metadata may name files that are not there
        self.ws.storage.sync(self.day)
        self.reach(8)

    def commit(
        self, origin: Origin, kind: Kind = "full", base: str | None = None, pinned: bool = False,
        reseals: BackupSet | None = None,
    ) -> BackupSet:
        """W9: write the metadata, after which the set exists."""
        self.hold.check()  # again: a host that stood still since W8 must not commit
        # before the commit: a set that its database does not know looks like one of a copy
        origin = stamp(self.hold, origin, self.backup_id, self.seq, counted=not self.ws.role)
        # finished: the clock may have been set back since the start
        header = Header(
            backup_id=self.backup_id, seq=self.seq, trigger=self.trigger, started=self.started,
            finished=max(self.ws.clock(), self.started), interval_hours=self.interval_hours, origin=origin, kind=kind,
            base=base, pinned=pinned, warnings=tuple(self.warnings), role=self.ws.role, of=self.of,
            companion=self.companion, reseals=reseals,
        )
        metadata = manifest.build(header, self.ws.seal, self.parts)
        if self.ws.signer is not None:
            metadata["signature"] = self.ws.signer.sign(metadata)
        with self._naming(manifest.metadata_name(self.label)):
            backup = self.ws.catalog.commit(self.day, self.label, metadata)
        self.reach(9)
        return backup

    def finish(self, backup: BackupSet) -> list[str]:
        """W10, the part that concerns the folder: tables of digests, the second copy of the metadata, the intent away.

        The set exists by now: what goes wrong is said, not raised, and the next run makes up for it.
        """
        if self.digests:
            digests.keep(self.ws, backup.label, self.digests)
        try:
            if backup.encrypted and not any(other.encrypted for other in self.beside):
                from backup_engine.repository import history_index  # needs numpy, which other runs need not load

                history_index.forget_records(self.ws)
            self.ws.catalog.keep_copy(backup)
            # last: while the intent is there, the next run makes the copy that failed here
            intents.clear(self.ws.storage, self.label)
        except BackupError as problem:
            return [f"its second copy of the metadata is still to be made: {problem}"]
        return []

    def abandon(self) -> None:
        """Leave nothing behind. What cannot be removed now is named by the intent, and the next run removes it."""
        for draft in (*self.drafts.values(), *self.digests.values()):
            with suppress(BackupError):
                draft.discard()
        if not self.claimed:
            return
        with suppress(BackupError):
            intents.abandon(self.ws.storage, Intent(self.label, self.day, tuple(self._published), run=self.backup_id))

    def _forget_key(self) -> None:
        """The files are read back: the key that was made for that has served, and was nowhere but in this object."""
        self.ws = replace(self.ws, seal=replace(self.ws.seal, identities=(), guests=()))

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Note a name as ours to remove, unless it turns out to be somebody else's."""
        # before the name exists: an interrupt in between must not leave the file behind
        self._published.append(name)
        try:
            yield
        except FileExistsError:
            self._published.remove(name)
            raise Busy(f"another run has just made {name}") from None


@contextmanager
def running(ws: Workspace, hold: Hold, trigger: str, interval_hours: float) -> Iterator[Run]:
    """W2: clear up after crashes, check the room, take a number and a label, write the intent file; then the body.

    Whatever goes wrong inside leaves nothing behind.
    """
    # first: what a crash left takes room and keeps its label
    intents.recover(ws.storage, alone=hold.alone, scope=hold.scope, clean=ws.catalog.clean)
    with begun(ws, hold, trigger, interval_hours, ws.clock()) as run:
        run.warnings += hold.warnings
        yield run


@contextmanager
def begun(ws: Workspace, hold: Hold, trigger: str, interval_hours: float, started: datetime) -> Iterator[Run]:
    """W2 in a place where nothing of a crash is left, from a given moment on."""
    sets = ws.catalog.sets(fresh=False)
    check_room(ws, sets)
    readme.leave_readme(ws.storage, ws.role)
    seal = choice.effective(ws, hold.database)
    run = Run(ws, hold, trigger, interval_hours, started, _claim_number(ws, sets), beside=sets, keyed=seal.reads_own)
    if seal.recipients:
        # A host with public keys only could not read back what it writes: each run has a key of its own, in memory.
        # A safety set must be brought back without a person, so its key stays on this machine for a while.
        guests = (age.public_half(safety.make(ws, run.backup_id)),) if trigger == "pre_restore" else ()
        seal = seal.for_run(age.new_identity(), *guests)
    run.ws = replace(ws, seal=seal)
    _say_if_plain(run)
    try:
        _claim_label(run)
        # the intent is on the disk before any file: recovery removes what an intent names, and nothing else
        run.reach(2)
        yield run
    except BaseException:  # a signal, too, must leave nothing behind
        run.abandon()
        raise


def _say_if_plain(run: Run) -> None:
    last = next((backup for backup in reversed(run.beside) if backup.state == "complete"), None)
    if last is not None and last.encrypted and not run.ws.seal.encrypts:
        run.warnings.append(f"it is not encrypted, and backup {last.label} before it is")


def check_room(ws: Workspace, sets: Sequence[BackupSet]) -> None:
    """Raise ``NoSpace`` unless twice the last full set and some spare fit, ``PermissionDenied`` where nothing does."""
    ws.storage.check_writable()
    free = ws.storage.free_bytes()
    needed = room_needed(sets)
    if free is not None and free < needed:
        raise NoSpace(f"{ws.storage.describe()} has {free >> 20} MiB left, {needed >> 20} MiB are needed",
                      hint="Free some space and try again; older backups are untouched.")


def room_needed(sets: Sequence[BackupSet]) -> int:
    """Bytes that have to be free for the next backup."""
    full = [backup for backup in sets if backup.state == "complete" and backup.kind == "full"]
    return SPARE_BYTES + 2 * (sum(part.stored_bytes for part in full[-1].parts.values()) if full else 0)


def _claim_number(ws: Workspace, sets: Sequence[BackupSet]) -> int:
    claims = {int(number): name for name in ws.storage.names(STATE)
              if name.startswith(_CLAIM) and (number := name.removeprefix(_CLAIM)).isdecimal()}
    newest = max([backup.seq for backup in sets] + list(claims), default=0)
    while True:
        newest += 1
        try:
            ws.storage.put(STATE, f"{_CLAIM}{newest:08d}", b"", exclusive=True)
            break
        except FileExistsError:
            continue  # another host on this folder was faster
    for old, name in claims.items():
        if old < newest - _CLAIMS_KEPT:
            with suppress(PermissionDenied):  # a safety set beside a folder that can only be read
                ws.storage.delete(STATE, name)
    return newest


def _claim_label(run: Run) -> None:
    """Take the first second from the start on that is free, by writing the intent file."""
    suffix = run.ws.seal.suffix
    while not run.claimed:
        day, taken = run.day, _labels_taken(run)  # once a day and not once a second: 2,000 sets are 8,000 names
        while run.label in taken and run.day == day:
            run.started = _next_second(run.started)
        if run.day != day:
            continue
        names = [manifest.part_name(source.key, run.label, suffix) for source in run.ws.sources]
        try:
            intents.claim(run.ws.storage, Intent(
                run.label, day, (manifest.metadata_name(run.label), *names), run=run.backup_id, scope=run.hold.scope))
            run.claimed = True
        except FileExistsError:
            run.started = _next_second(run.started)


def _labels_taken(run: Run) -> set[str]:
    """Give what may not be used on that day: whatever bears a label takes it, an orphan too, for nothing is ever
    overwritten; the second copy of a lost file as well, but not the caches about a set that is gone."""
    copies = {label for name in run.ws.storage.names(STATE) if (label := manifest.label_in_metadata_name(name))}
    bearers = {label for name in run.ws.storage.names(run.day) for label in _LABEL.findall(name)}
    return bearers | copies


def _next_second(moment: datetime) -> datetime:
    """Add in UTC: on the wall, the hour in which summer time ends comes twice."""
    return (moment.astimezone(UTC) + timedelta(seconds=1)).astimezone(moment.tzinfo)
