"""One replacement under way: the steps R2 to R8 as ``restore`` and ``recovery`` go through them.

Until R7 has happened for one collection, ``abandon`` takes everything back; from then on the only way is forward, and
``recovery`` can go it too, from what the journal says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, RestoreIncomplete, RestoreStopped, VerificationFailed
from backup_engine.failpoints import reach
from backup_engine.keys import safety as safety_keys
from backup_engine.locking.locks import Hold
from backup_engine.making.write_set import write_set
from backup_engine.model import SILENT, BackupSet, Progress, Watch
from backup_engine.mongo.elections import election_id
from backup_engine.records.content_sum import Content
from backup_engine.replacing import journal, staging
from backup_engine.replacing.capture import Capture
from backup_engine.replacing.journal import Entry, Swap
from backup_engine.replacing.late_writes import Late
from backup_engine.replacing.prepare import Filled, Prepared, fill, prove
from backup_engine.replacing.swap import happened, in_place, rename, uuid_of
from backup_engine.workspace import Workspace

__all__ = ["After", "BroughtBack", "Replacing", "incomplete", "open_capture", "without_cancel"]

PROGRESS_SECONDS = 0.2
IN_PLACE = "Putting the new list in place"
After = Callable[[Database[dict[str, Any]], str], None]
"""Called with the database and a key once a collection is in place: the application's own indexes."""


class BroughtBack(RestoreStopped):
    """The new list did not survive an election, and the old one is in place again."""


@dataclass
class Replacing:
    """The state of one replacement: the journal entry, and what has been found out on the way."""

    ws: Workspace
    held: Hold
    backup: BackupSet
    entry: Entry
    watch: Watch = SILENT
    safety: BackupSet | None = None
    late: Late | None = None
    counts: dict[str, int] | None = None
    proven: Mapping[str, Content] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    captured: int = 0
    swapping: bool = False
    """Whether a rename was asked for: from then on only the server knows whether something has changed."""

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The database that is restored into."""
        return self.held.need_database()

    def run(self, after: After | None = None) -> None:
        """R2 to R8."""
        self.start()
        filled = self.fill()
        with open_capture(self) as capture:
            with self.proving(filled):
                self.save(capture)
            self.note_uuids()
            self.settle()
            self.swap()
            self.finish(after)

    def start(self) -> None:
        """R2: write down what is going to happen."""
        self.entry = replace(self.entry, election=election_id(self.database))
        # before anything is created: recovery removes what the journal names, and nothing else
        self.entry = journal.start(self.database, self.entry)
        reach("R2")

    def fill(self) -> list[Filled]:
        """R3: load the staging collections, before anybody need listen to what others write.

        The stream that a restore opens costs the server 0.45 s of a load of 100,000, and what is written before it
        opens is in the safety set.
        """
        filled = [fill(self.ws, self.database, self.held.capabilities, self.backup, swap, from_live=True,
                       watch=self.watch) for swap in self.entry.swaps]
        self._advance(step="R3")
        reach("R3")
        return filled

    @contextmanager
    def proving(self, filled: Sequence[Filled]) -> Iterator[None]:
        """R4: build the indexes and prove the staging collections, beside what is done in the block.

        Whichever of the two fails first stops the other.
        """
        stop = threading.Event()
        with ThreadPoolExecutor(1, "proof") as pool:
            proof = pool.submit(self._prove, filled, Watch(cancelled=stop.is_set))
            usual = self.watch
            self.watch = _watching(usual, proof)
            try:
                yield
                self._await(proof)
            except BaseException:
                stop.set()
                raise
            finally:
                self.watch = usual
            prepared = proof.result()
        self.problems += tuple(note for collection in prepared.values() for note in collection.notes)
        self.counts = {key: collection.records for key, collection in prepared.items()}
        # not of a list from which MongoDB itself deletes: what is missing there after an election says nothing
        self.proven = {key: collection.content for key, collection in prepared.items() if not collection.expired}
        reach("R4")

    def save(self, capture: Capture | None) -> None:
        """R4: the safety backup, inside the open stream."""
        if capture is not None:
            self._advance(step="R4", token=capture.token)
        # inside the stream: between the snapshot and the first event no write can slip through
        self.safety = write_set(self.ws, self.held, trigger="pre_restore", watch=self.watch)
        self._advance(step="R4", safety=self.safety.backup_id)  # before R7: what comes after is undone from it
        if capture is not None:
            names = {swap.key: swap.live for swap in self.entry.swaps}
            self.late = Late(self.ws, self.held, capture, names, self.safety)

    def note_uuids(self) -> None:
        """R5: write down which collection is which."""
        self.held.check()
        swaps = tuple(replace(swap, live_uuid=uuid_of(self.database, swap.live),
                              staging_uuid=uuid_of(self.database, swap.staging)) for swap in self.entry.swaps)
        proven = {key: {"records": content.records, "content_sha256": content.hex}
                  for key, content in self.proven.items()}
        # before R7: after a crash in it only the UUIDs tell which list bears the name
        self._advance(step="R5", swaps=swaps, proven=proven)
        reach("R5")

    def settle(self) -> None:
        """R6: save what was written since the safety backup."""
        if self.late is not None:
            # as near to R7 as can be: what is written after this reading can only be replayed from events
            self.late.settle(self.watch)
            self.safety = self.late.safety
            # the journal first: until it names the new set, recovery and undo need the one before
            self._advance(step="R6", as_of=self.late.as_of, safety=self.safety.backup_id)
            self.late.remove_superseded()
        reach("R6")

    def swap(self) -> None:
        """R7: put the new collections in place, one right after the other."""
        self.held.check()
        self.watch.step(IN_PLACE)  # the last chance to stop it
        without_cancel(self.watch).step(IN_PLACE)
        for swap in self.entry.swaps:
            if happened(self.database, swap):
                continue  # recovery, after a crash between two renames
            # dropTarget removes whatever bears the name: it must be the collection that was saved
            if uuid_of(self.database, swap.live) != swap.live_uuid:
                raise RestoreStopped(f"{swap.live} was dropped, renamed or created by someone else meanwhile")
            self.swapping = True
            rename(self.database, swap, self.entry.id)
        reach("R7")

    def finish(self, after: After | None = None) -> None:
        """R8: the writes of the last moment, a look at the result, the end of the entry."""
        watch = without_cancel(self.watch)
        # first: whatever fails from here on, recovery goes forward and undo is offered
        self._advance(step="R7", changed=True)
        if self.late is not None:
            self.captured = self.late.finish([swap.key for swap in self.entry.swaps], watch)
            self.safety = self.late.safety
        self._look_at_live(watch)
        # before the entry is closed: what the hook complains of is written down with it
        for swap in self.entry.swaps if after else ():
            self._call(after, swap)
        self.entry = journal.close(self.database, self.entry, "done", step="R8", problem="; ".join(self.problems),
                                   safety=self.safety.backup_id if self.safety else "")
        if self.late is not None:
            self.late.remove_superseded()
        safety_keys.forget_others(self.ws, self.safety)
        reach("R8")

    def has_changed(self) -> bool:
        """Whether any collection was replaced, for good. Raises ``DatabaseUnreachable`` when nobody can say."""
        return self.swapping and any(in_place(self.database, self.entry.swaps, self.entry.id))

    def abandon(self, why: str) -> None:
        """Take everything back; where the database does not answer, recovery does it later."""
        with suppress(BackupError):
            for swap in self.entry.swaps:
                staging.drop(self.database, swap.staging)
            # last: while the entry is open, recovery removes what is left
            journal.close(self.database, self.entry, "stopped", problem=why)

    def _advance(self, **changes: Any) -> None:
        self.entry = journal.advance(self.database, self.entry, **changes)

    def _prove(self, filled: Sequence[Filled], watch: Watch) -> dict[str, Prepared]:
        return {each.swap.key: prove(self.database, each, beat=lambda: journal.beat(self.database, self.entry.id),
                                     watch=watch) for each in filled}

    def _await(self, proof: Future[dict[str, Prepared]]) -> None:
        while not wait([proof], timeout=PROGRESS_SECONDS).done:
            self.watch.step("Proving what was loaded")
        proof.result()

    def _look_at_live(self, watch: Watch) -> None:
        """Make sure that live is what the answer will say, and that no election can take that back."""
        placed = in_place(self.database, self.entry.swaps, self.entry.id)
        for swap, is_placed in zip(self.entry.swaps, placed, strict=True):
            if not is_placed:
                raise VerificationFailed(f"{swap.live} is not the collection that was put in place")
        # One term of office from R2 until now: what was proven in staging is what bears the name.
        if self.entry.election and self.entry.election == election_id(self.database):
            return
        differences = [said for swap in self.entry.swaps if (said := self._difference(swap, watch))]
        if differences:
            self._bring_back("; ".join(differences))

    def _difference(self, swap: Swap, watch: Watch) -> str:
        """Measure a live collection at the instant of its swap: what others have written to it since does not count."""
        promised = (self.entry.proven or {}).get(swap.key)
        if promised is None:
            return ""  # an entry of an earlier version
        wanted = Content(promised["records"], int(promised["content_sha256"], 16))
        instant = self.late.swapped_at(swap.key) if self.late is not None else None
        if instant is not None:
            measured = staging.measure_at(self.database, swap.live, instant, watch=watch)
        else:
            measured = staging.measure(self.database, swap.live, watch=watch)
        if measured == wanted:
            return ""
        said = f"{swap.live}, once put in place, held {measured.records:,} records, and {wanted.records:,} were loaded"
        if measured.records == wanted.records:
            said = f"{swap.live}, once put in place, held other records than were loaded"
        if instant is not None:
            return said
        # Nothing tells what others have written since from what is missing.
        self.problems += (f"{said}: others have written to it meanwhile, or an election took records back",)
        return ""

    def _bring_back(self, why: str) -> None:
        """Replace once more, by the safety set. Raises ``BroughtBack``, or ``RestoreIncomplete`` when that fails."""
        assert self.safety is not None
        name, safety = journal.new_id(), self.safety
        entry = Entry(name, "undo", safety.backup_id, safety.label, self.entry.actor, self.ws.clock(),
                      tuple(Swap(swap.key, swap.live, f"{swap.live}__restore_{name}") for swap in self.entry.swaps))
        back = Replacing(self.ws, self.held, safety, entry, without_cancel(self.watch))
        self.entry = journal.close(self.database, self.entry, "stopped", problem=why)
        try:
            back.run()
        except BackupError as problem:
            if not back.swapping:
                back.abandon(problem.message)
            raise RestoreIncomplete(f"{why}, and the safety backup could not be brought back: {problem.message}",
                                    hint="Use Undo, which brings the safety backup back.") from problem
        raise BroughtBack(f"a change of primary took records back ({why}); what was there before is there again",
                          hint="Try again when the replica set is well.")

    def _call(self, after: After | None, swap: Swap) -> None:
        assert after is not None
        try:
            after(self.database, swap.key)
        except Exception as problem:  # noqa: BLE001 - the application's hook: its fault is reported, data is in place
            self.problems += (f"after restoring {swap.live}: {problem}",)


@contextmanager
def open_capture(run: Replacing) -> Iterator[Capture | None]:
    """R4: follow what others write, where the server has what that takes."""
    if not run.held.capabilities.captures:
        yield None
        return
    with Capture(run.database, run.entry.swaps, run.entry.id, since=run.entry.as_of) as capture:
        yield capture


def _watching(watch: Watch, proof: Future[Any]) -> Watch:
    """Report as *watch* does, and stop where the proof beside has failed."""
    def report(progress: Progress) -> None:
        if proof.done():
            proof.result()
        watch.step(progress.phase, progress.done, progress.total)

    return Watch(report)


def without_cancel(watch: Watch) -> Watch:
    """Go on reporting, but past the point of no return nobody can stop it."""
    return Watch(lambda progress: watch.tell(replace(progress, final=True)))


def incomplete(problem: BackupError) -> RestoreIncomplete:
    """Say that the data was replaced and something after it went wrong."""
    return RestoreIncomplete(problem.message, hint=problem.hint or "What is missing is done at the next start.")
