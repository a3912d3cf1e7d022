"""Read backups from a remote: as a folder that can only be read, as sets beside the backup folder, or back in it.

Bytes stay as they are stored, whatever their layers are. A set is streamed once, each piece compared with its SHA-256;
then every verb works on it as on any other. What was made with it of the application's own data comes along, and
what is wrong with that alone never keeps the list away.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from backup_engine import offsite
from backup_engine.csv_format.seal import seal_of
from backup_engine.deeds import told
from backup_engine.errors import BackupFileNotFound, BadInput, NoSpace, PermissionDenied, VerificationFailed
from backup_engine.keys.proofs import require_key
from backup_engine.keys.signing import is_signed_by
from backup_engine.locking.locks import Hold, hold
from backup_engine.machine import private
from backup_engine.making.companion import recover
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.remotes import registry
from backup_engine.remotes.entries import Entry
from backup_engine.remotes.registry import Remote
from backup_engine.remotes.target import Target
from backup_engine.remotes.view import RemoteView, metadata_of
from backup_engine.repository import companions, intents, manifest
from backup_engine.repository.annex import annex
from backup_engine.repository.catalog import Catalog
from backup_engine.repository.intents import Intent
from backup_engine.storage.base import APP, Draft, Storage
from backup_engine.storage.beside import BesideStorage
from backup_engine.storage.local import LocalStorage
from backup_engine.workspace import Workspace

__all__ = [
    "Fetched", "entries_in", "fetch", "is_plain", "listed", "needed", "over", "reading", "spooled", "unseen", "viewed",
]

log = logging.getLogger(__name__)
Which = str | Mapping[str, Any]
Find = Callable[[Workspace], BackupSet]
PREFIX = "equipment-remote-"
FORGOTTEN_SECONDS = 48 * 3600


@dataclass(frozen=True)
class Fetched:
    """What was brought back into the backup folder."""

    set: BackupSet
    brought: tuple[BackupSet, ...]
    """With the full set it rests on; without those that were here already."""
    name: str
    own: tuple[BackupSet, ...] = ()
    """The same of the application's own data."""
    called: str = ""
    """What that is."""
    trouble: str = ""
    """Why the set is here without that; empty when it is there, or when none was saved."""

    @property
    def message(self) -> str:
        """In words."""
        attention = f" Attention: {self.trouble}." if self.trouble else ""
        if not self.brought:
            also = f" {self.called[:1].upper()}{self.called[1:]} were fetched." if self.own else ""
            return f"Backup {self.set.label} is here already.{also}{attention}"
        also = f" with the full backup {self.brought[0].label} it rests on" if len(self.brought) > 1 else ""
        also += f", {self.called}," if self.own else ""
        return f"Backup {self.set.label} was fetched from remote {self.name}{also} and is pinned.{attention}"


@contextmanager
def viewed(
    ws: Workspace, name: str | Remote, *, meant: str = "", found: Sequence[Entry] | None = None, watch: Watch = SILENT
) -> Iterator[Workspace]:
    """Give a workspace over what lies in a remote now, to list, verify and preview; nothing is written there.

    ``name`` may be a remote that nobody has registered: a machine that has nothing yet opens an address. Of sets with
    one label that is shown whose id is ``meant``, else one that is signed as it should be; ``unseen`` tells of others.
    ``found`` is what an earlier look found there (``entries_in``): then nobody looks again.
    Raises ``BadInput`` for an unknown remote, ``RemoteFailed`` and its kin.
    """
    remote = registry.one(ws, name) if isinstance(name, str) else name
    with offsite.open_store(remote, watch=watch) as store:
        target, own = Target(store, ws.sources), None
        if ws.annex is not None:
            of_own = target.of_application(ws.annex.about.sources)
            own = RemoteView(of_own, partial(of_own.entries, watch=watch),  # looked into when somebody asks for it
                             rank=partial(_rank, ws, ""))
        there = target.entries(watch=watch) if found is None else found
        yield replace(over(ws, RemoteView(target, lambda: there, own, rank=partial(_rank, ws, meant))), tell=None)


def entries_in(there: Workspace) -> tuple[Entry, ...]:
    """Give what a workspace over a remote found there, for another look without looking again."""
    return tuple(_view(there).found)


def unseen(there: Workspace) -> list[str]:
    """Say which sets of a remote are not listed in a workspace over it, as another bears their label."""
    view = there.storage
    return [f"backup {entry.backup.backup_id} bears the label {entry.backup.label} of another one there and is not "
            "shown: name it by its id" for entry in view.hidden] if isinstance(view, RemoteView) else []


def _rank(ws: Workspace, meant: str, backup: BackupSet) -> tuple[bool, bool]:
    signed = not ws.signed_by or is_signed_by(backup.metadata, ws.signed_by)
    return backup.backup_id == meant, signed


@contextmanager
def listed(ws: Workspace, name: str | Remote | None, *, watch: Watch = SILENT) -> Iterator[Workspace]:
    """Give the workspace itself (``name`` None), or one over what lies in a remote: ``viewed``."""
    if name is None:
        yield ws
        return
    with viewed(ws, name, watch=watch) as there:
        yield there


@contextmanager
def spooled(
    ws: Workspace, name: str | Remote, find: Find, *, meant: str = "", watch: Watch = SILENT
) -> Iterator[tuple[Workspace, BackupSet]]:
    """Fetch one set, with the full one it rests on and what was made with it of the application's own data, into the
    work folder and give a workspace in which it lies beside the backup folder, as it is stored; it is gone afterwards.
    ``find`` finds it among what lies in the remote, of which ``meant`` is as in ``viewed``.

    Raises ``KeyNeeded``, ``WrongKey`` and ``NoSpace`` before anything is fetched, ``VerificationFailed`` for a piece
    that was changed. The application's own data is left out where it is damaged there; ``companions.trouble`` says so.
    """
    with _work_folder(ws) as folder:
        place = LocalStorage(folder)
        with viewed(ws, name, meant=meant, watch=watch) as there:
            backup = find(there)
            require_key(there, backup)
            _spool(there, backup, place, watch)
        beside = over(ws, BesideStorage(ws.storage, place))
        yield beside, beside.catalog.find({"backup_id": backup.backup_id, "folder": backup.day})


@contextmanager
def reading(
    ws: Workspace, name: str | Remote | None, find: Find, *, by_range: bool = False, watch: Watch = SILENT
) -> Iterator[tuple[Workspace, BackupSet]]:
    """Give a set and the workspace to read it in: from the backup folder (``name`` None) or from a remote.

    ``by_range``: only a part of it will be read; then a plain full set is not fetched as a whole.
    """
    if name is None:
        yield ws, find(ws)
        return
    if by_range:
        with viewed(ws, name, watch=watch) as there:
            backup = find(there)
            if is_plain(backup):
                yield there, backup
                return
    with spooled(ws, name, find, watch=watch) as found:
        yield found


@told("backup.remote.fetch")
def fetch(ws: Workspace, name: str, which: Which, *, watch: Watch = SILENT) -> Fetched:
    """Bring a set back into the backup folder, under its own label, pinned, with the full set it rests on.

    Raises ``BadInput`` when something else lies under that label, ``VerificationFailed``, ``NoSpace``, ``Busy``.
    """
    meant = which if isinstance(which, str) else str(which.get("backup_id", ""))
    with viewed(ws, name, meant=meant, watch=watch) as there:
        view, backup = _view(there), there.catalog.find(which)
        if backup.state != "complete":
            raise VerificationFailed(f"backup {backup.label} in remote {name} is {backup.state}: {backup.problem}")
        with hold(ws, "import") as held:
            missing = [entry for entry in needed(view, there, backup) if not _is_here(ws, entry.backup)]
            _require_room(ws.storage, [*missing, *_needed_own(there, backup)])
            with ExitStack() as until_here:
                own, trouble = _bring_own(ws, held, there, backup, until_here, watch)
                brought = tuple(_bring(ws, view, entry, watch) for entry in missing)
            fetched = ws.catalog.find({"backup_id": backup.backup_id, "folder": backup.day})
            return Fetched(fetched, brought, name, own, ws.annex.about.called if ws.annex is not None else "",
                           trouble or companions.trouble(ws, fetched))


def needed(view: RemoteView, there: Workspace, backup: BackupSet) -> list[Entry]:
    """The objects of a set and of the full one it rests on, that one first."""
    base = there.catalog.base_of(backup)
    return [view.entry(backup_id) for backup_id in dict.fromkeys((base.backup_id, backup.backup_id))]


def _needed_own(there: Workspace, backup: BackupSet) -> list[Entry]:
    """The objects of what was made with a set of the application's own data; none where that is not whole."""
    own, companion = there.application, companions.of(there, backup)
    if own is None or companion is None or companion.state != "complete":
        return []
    try:
        return needed(_own_view(there), own, companion)
    except VerificationFailed as damage:
        log.warning("the application's own data of backup %s: %s", backup.label, damage)
        return []


def over(ws: Workspace, storage: Storage) -> Workspace:
    """The same installation over another storage, the application's own data included."""
    own = annex(storage, ws.annex.about, ws.sources) if ws.annex is not None else None
    return replace(ws, storage=storage, catalog=Catalog(storage, ws.sources), annex=own)


def _spool(there: Workspace, backup: BackupSet, place: Storage, watch: Watch) -> None:
    entries, own = needed(_view(there), there, backup), _needed_own(there, backup)
    _require_room(place, [*entries, *own])
    for entry in entries:
        _copy(_view(there), entry, place, entry.backup.day, watch)
    for entry in own:
        try:
            _copy(_own_view(there), entry, place.inside(APP), entry.backup.day, watch)
        except (VerificationFailed, BackupFileNotFound) as damage:
            log.warning("backup %s is read without the application's own data: %s", backup.label, damage)
            break


def _view(there: Workspace) -> RemoteView:
    assert isinstance(there.storage, RemoteView)
    return there.storage


def _own_view(there: Workspace) -> RemoteView:
    view = there.storage.inside(APP)
    assert isinstance(view, RemoteView)
    return view


def is_plain(backup: BackupSet) -> bool:
    """Whether a part of the set can be read without the rest: a full one, neither compressed nor encrypted."""
    return backup.kind == "full" and all(
        seal_of(str(part.file)) == ("none", False) for part in backup.parts.values())


def _is_here(ws: Workspace, backup: BackupSet) -> bool:
    """Whether that very set lies here whole. Raises ``BadInput`` when its label is another's, or it is damaged here."""
    for here in ws.catalog.sets():
        if here.backup_id == backup.backup_id and here.state == "complete":
            return True
        if (here.day, here.label) == (backup.day, backup.label):
            raise BadInput(f"Under the label {backup.label} lies a {here.state} backup here, which is not overwritten.",
                           hint="Delete it first, or read the remote without fetching: --from NAME.")
    return False


def _bring(ws: Workspace, view: RemoteView, entry: Entry, watch: Watch) -> BackupSet:
    with _claimed(ws, entry):
        _copy(view, entry, ws.storage, entry.backup.day, watch, pinned=True)
    return ws.catalog.find({"backup_id": entry.backup.backup_id, "folder": entry.backup.day})


def _bring_own(
    ws: Workspace, held: Hold, there: Workspace, backup: BackupSet, until_here: ExitStack, watch: Watch
) -> tuple[tuple[BackupSet, ...], str]:
    """Bring what was made with a set before it; it counts for nothing ``until_here`` ends, once the set is here. Gives
    what was brought, and why it could not be."""
    own, needs, brought = ws.application, _needed_own(there, backup), list[BackupSet]()
    if own is None or not needs:
        return (), ""
    try:
        recover(ws, held)  # a run that died may have left files of these very sets
        for entry in needs:
            if _is_here(own, entry.backup):
                continue
            with ExitStack() as claimed:
                claimed.enter_context(_claimed(own, entry))
                _copy(_own_view(there), entry, own.storage, entry.backup.day, watch, pinned=True)
                until_here.push(claimed.pop_all())
            brought.append(own.catalog.find({"backup_id": entry.backup.backup_id, "folder": entry.backup.day}))
    except (VerificationFailed, BackupFileNotFound, PermissionDenied, BadInput) as damage:
        called = ws.annex.about.called if ws.annex is not None else ""
        return tuple(brought), f"{called}: {damage.message}"
    return tuple(brought), ""


@contextmanager
def _claimed(ws: Workspace, entry: Entry) -> Iterator[None]:
    """Announce what is about to be written, and take it away again unless all goes well."""
    backup = entry.backup
    files = (backup.metadata_file, *entry.files)
    intent = Intent(backup.label, backup.day, files, run=secrets.token_hex(16))
    try:
        intents.claim(ws.storage, intent)
    except FileExistsError:
        raise BadInput(f"Another run is writing under the label {backup.label}.", hint="Try again later.") from None
    try:
        yield
    except BaseException:  # Ctrl-C as well: nothing half copied stays
        intents.abandon(ws.storage, intent)
        raise
    intents.clear(ws.storage, backup.label)


def _copy(
    view: RemoteView, entry: Entry, place: Storage, day: str, watch: Watch, *, pinned: bool = False
) -> None:
    """Stream a set into a storage: its files, then the metadata, which makes it a set. Of files nothing is there until
    all have come as they were sent."""
    backup = entry.backup
    with ExitStack() as drafts:
        ready = list[tuple[Draft, str]]()
        for file in entry.files.values():
            draft = place.draft(day, backup.label)
            drafts.callback(draft.discard)
            for data in view.target.pieces(file, watch=watch):
                draft.write(data)
            draft.sync()
            ready.append((draft, file.name))
        for draft, name in ready:
            draft.publish(name)
    place.sync(day)
    data = manifest.encode({**backup.metadata, "pinned": True}) if pinned else metadata_of(entry)
    place.put(day, backup.metadata_file, data, exclusive=True)


def _require_room(place: Storage, entries: Sequence[Entry]) -> None:
    free, wanted = place.free_bytes(), sum(entry.size for entry in entries)
    if free is not None and wanted > free:
        raise NoSpace(f"fetching needs {wanted >> 20:,} MiB, {place.describe()} has {free >> 20:,} MiB left",
                      hint="Free some space and try again.")


@contextmanager
def _work_folder(ws: Workspace) -> Iterator[str]:
    """A private folder in the work folder, or where temporary files go; what a killed process left there is removed."""
    parent = Path(ws.storage.aside or tempfile.gettempdir())
    private.make_folder(parent)
    for left in parent.glob(f"{PREFIX}*"):
        if time.time() - left.lstat().st_mtime > FORGOTTEN_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as folder:
        yield folder
