"""The application's own data on its way into a set beside the list's: same instant, same engine, a place of its own.

Its set is committed first and names the list's, the list's names it, and until the list's is committed it counts for
nothing: whatever stops the run takes it away again, at the latest the next run, which knows its intent file. Where an
earlier set of the day holds what is there, the list's names that one and none is made. Trouble with it alone is a
warning on the list's set and never stops that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Literal

from backup_engine.errors import BackupError, Cancelled
from backup_engine.locking.locks import Hold
from backup_engine.making import resume_tokens, unchanged
from backup_engine.making.differential import base_for
from backup_engine.making.parts import read_back_all, write_all
from backup_engine.making.reading import Filled, Token, contents_of, filled, keep_mark, say_what_is_odd, token_of
from backup_engine.making.resume_tokens import Mark
from backup_engine.making.run import Run, begun
from backup_engine.model import BackupSet, Kind, Source, Watch
from backup_engine.mongo.snapshot import Snapshot, SnapshotChanged, SnapshotTooOld
from backup_engine.repository import intents, strict_json
from backup_engine.workspace import Workspace

__all__ = ["Companion", "beside", "recover"]

log = logging.getLogger(__name__)


@contextmanager
def beside(run: Run, kind: Kind | Literal["auto"] | None) -> Iterator[Companion]:
    """Begin the application's part of a run; without a ``kind``, or an application, there is none."""
    companion = Companion(run)
    with ExitStack() as opened:
        if kind is not None and run.ws.application is not None:
            companion.begin(run.ws.application, kind, opened)
        yield companion


class Companion:
    """The application's part of one run of the list. Without anything to save every step does nothing."""

    def __init__(self, of: Run) -> None:
        self._of = of
        self._run: Run | None = None
        self._token: Token | None = None
        self._base: BackupSet | None = None
        self._filled: Filled | None = None
        self._made: BackupSet | None = None
        self._known: BackupSet | None = None
        """The set that may still hold what is there."""
        self._seen: Mark | None = None
        """Up to where it is known that it does."""
        self._named: BackupSet | None = None
        """The same once it is known that it does."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is to be read beside the list's collections."""
        return self._run.ws.sources if self._run is not None else ()

    def begin(self, ws: Workspace, kind: Kind | Literal["auto"], opened: ExitStack) -> None:
        """A2: a label, a number and an intent of its own, and the full set it may rest on."""
        of = self._of
        with self._alone():
            if (refusal := ws.storage.refusal()) is not None:
                raise refusal
            recover(of.ws, of.hold)
            self._run = opened.enter_context(begun(ws, of.hold, of.trigger, of.interval_hours, of.started))
            self._run.of = of.backup_id
            if kind == "auto" or of.trigger == "continuous":
                self._look_back(self._run)
            if kind != "full":
                self._base = base_for(self._run.ws, of.hold, of.started, self._run.beside,
                                      wanted=kind == "differential")

    def about_to_read(self) -> None:
        """Note the place in the change stream, before the snapshot."""
        if self._run is not None:
            self._token = token_of(self._run)

    def read(self, view: Snapshot, watch: Watch, *, patient: bool) -> None:
        """A3 to A6: write what the snapshot shows. ``patient`` lets ``SnapshotChanged`` through, to try again."""
        if self._run is None:
            return
        with self._alone(patient=patient):
            if view.without is not None:
                raise view.without
            if self._is_as_saved(view):
                self._name_again()
                return
            self._run.reach(3)
            say_what_is_odd(self._run, view)
            base, contents = contents_of(self._run, view, self._base, watch)
            write_all(self._run, contents, watch)
            view.changed([source.key for source in self.sources])
            self._filled = filled(self._run, view, base, self._token)
            self._run.reach(6)

    def read_back(self, watch: Watch) -> None:
        """A7: what lies on the disk must be what was written."""
        if self._run is None:
            return
        with self._alone():
            read_back_all(self._run, watch)
            self._run.reach(7)

    def commit(self) -> None:
        """A8 and A9: names and metadata, right before the metadata of the list's set."""
        if self._named is not None:
            self._of.companion = self._named.backup_id
        if self._run is None or self._filled is None:
            return
        with self._alone():
            self._run.publish()
            self._made = self._run.commit(self._filled.origin, *self._filled.kind)
            self._of.companion = self._made.backup_id

    def finish(self) -> list[str]:
        """A10, once the list's set is committed: the bookkeeping; what fails is said and made up for later."""
        if self._named is not None and self._seen is not None and self._of.ws.application is not None:
            with suppress(BackupError):  # the next run looks through a little more
                resume_tokens.keep_seen(self._of.ws.application.storage, self._named, self._seen)
        if self._run is None or self._filled is None or self._made is None:
            return []
        problems = self._run.finish(self._made)
        problems += keep_mark(self._run.ws, self._made, self._filled, self._run.beside)
        self._run.reach(10)
        return [f"{self._called}: {problem}" for problem in problems]

    def _look_back(self, run: Run) -> None:
        """Find the set that may still hold what is there, before the snapshot: there may be much to look through."""
        database, annex = run.hold.need_database(), self._of.ws.annex
        if annex is None or not run.hold.capabilities.change_streams:
            return
        self._known = unchanged.candidate(run.ws, run.started, run.beside, database.name)
        if self._known is not None:
            self._seen = unchanged.seen(run.ws, database, self._known, annex.about.counts)

    def _is_as_saved(self, view: Snapshot) -> bool:
        """Look again, now that the snapshot stands."""
        run, annex, known = self._run, self._of.ws.annex, self._known
        if run is None or annex is None or known is None or self._seen is None:
            return False
        if not unchanged.is_same_place(view, known, self._seen):
            return False
        self._seen = unchanged.seen(run.ws, run.hold.need_database(), known, annex.about.counts, self._seen)
        return self._seen is not None

    def _name_again(self) -> None:
        if self._run is not None:
            self._run.abandon()
        self._run, self._named = None, self._known

    @property
    def _called(self) -> str:
        annex = self._of.ws.annex
        return annex.about.called if annex is not None else ""

    @contextmanager
    def _alone(self, *, patient: bool = False) -> Iterator[None]:
        """Keep trouble in here from the list."""
        try:
            yield
        except Cancelled:
            raise
        except SnapshotChanged as problem:
            # too old: the list has all it needs, and must not be read without a common instant for this one's sake
            if patient and not isinstance(problem, SnapshotTooOld):
                raise
            self._give_up(problem.message)
        except BackupError as problem:
            self._give_up(problem.message)
        except Exception as problem:
            log.exception("%s: not saved with backup %s", self._called, self._of.label)
            self._give_up(f"a fault came ({type(problem).__name__}); see the log")

    def _give_up(self, why: str) -> None:
        if self._run is not None:
            self._run.abandon()
        self._run = self._filled = self._made = self._named = None
        self._of.companion = ""
        self._of.warnings.append(f"{self._called}: not saved with this backup ({why})")


def recover(ws: Workspace, hold: Hold) -> list[str]:
    """Undo what crashed runs left of the application's sets: also one that is whole, where the list's never was."""
    own = ws.application
    if own is None:
        return []
    return intents.recover(own.storage, alone=hold.alone, scope=hold.scope, clean=own.catalog.clean,
                           stands=partial(_stands, ws))


def _stands(ws: Workspace, metadata: bytes) -> bool:
    try:
        about = strict_json.loads(metadata.decode())
        of, own = about["of"], about["backup_id"]
    except (ValueError, LookupError, TypeError):  # nobody can tell: nothing is taken away
        return True
    # the list's set that it was made with, or a later one that names it again
    return not of or any(of in (backup.backup_id, *backup.originals) or backup.companion == own
                         for backup in ws.catalog.sets())
