"""Intent files: what a running operation is about to leave in the folder, written before it does.

A crashed run is undone from its intent alone, so recovery never has to guess which file is whose. Where the file lock
does not prove that every other run is dead, the intent also says which lease the run held: only those of the lease that
is held now are certainly dead; others are when nothing of them has changed for an hour.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, get_args

from backup_engine.errors import BackupError, BackupFileNotFound, PermissionDenied
from backup_engine.model import DAYS
from backup_engine.repository.manifest import MAX_BYTES, label_in_metadata_name, metadata_name, split_part_name
from backup_engine.repository.notes import Note
from backup_engine.storage.base import STATE, Entry, Storage
from backup_engine.storage.disk_errors import is_refusal

log = logging.getLogger(__name__)
Doing = Literal["write", "remove"]
_NAME = re.compile(r"intent_(\d{8}_\d{6})\.json")
_PROBE = "probe"
_FORGOTTEN_SECONDS = 3600
"""A temporary file, or the work of a run over another database, that did not change for this long is a crash's.

``put`` is also called without any lock, by a verification that notes its outcome; its temporaries live for
milliseconds, and those of long lists grow all the time. Should one of a process that stood still for an hour be taken
away, its last step fails with an error; nothing that has a name is lost. Age is told by the folder's own clock, that of
a file just made, because the server of a network mount has another."""


@dataclass(frozen=True)
class Intent:
    """The label, its folder, the files concerned, whether they are being written or removed, and by which run."""

    label: str
    day: str
    files: tuple[str, ...]
    doing: Doing = "write"
    run: str = ""
    """The ``backup_id`` of the set in the making; empty for a remover and in intents of earlier versions."""
    scope: str = ""
    """The lease that was held (``Hold.scope``); empty without one and in intents of earlier versions."""


def claim(storage: Storage, intent: Intent) -> None:
    """Write the intent; raises ``FileExistsError`` when somebody else has this label."""
    _note(intent.label).write(storage, asdict(intent), exclusive=True)


def clear(storage: Storage, label: str) -> None:
    """Take the intent away: its run is over."""
    _note(label).delete(storage)


def labels(names: Iterable[str]) -> set[str]:
    """Labels on which a run is working or was when it died, by the names in ``.state``."""
    suspects = (name for name in names if name.startswith("intent_"))  # one of 2,000 names, if any
    return {match[1] for name in suspects if (match := _NAME.fullmatch(name))}


def recover(
    storage: Storage, *, alone: bool = True, scope: str = "", clean: dict[str, object] | None = None,
    stands: Callable[[bytes], bool] = lambda metadata: True,
) -> list[str]:
    """Undo what crashed writers left, finish what crashed removers began; says what was done. Under the locks only.

    ``alone`` and ``scope`` are those of the locks held. What lies in a folder that can only be read stays as it is.
    ``clean`` remembers the stamps of the folders without temporary files from one run to the next of a process: the
    names of 2,000 sets need not be read again. ``stands`` says of a set whose metadata is there, but whose run died
    before it was over, whether it is one after all.
    """
    known = sorted(labels(storage.names(STATE)))
    if not known and not any(_temporaries(storage, {} if clean is None else clean)):
        return []
    now = _folder_clock(storage)
    dead = known if alone else [label for label in known if _is_dead(storage, label, scope, now)]
    done = [_settled(storage, label, stands) for label in dead]
    return [line for line in done if line] + _sweep(storage, set(known), now)


def abandon(storage: Storage, intent: Intent) -> list[str]:
    """Remove the files of a run of our own that will not commit; gives their names.

    Nothing is removed once the intent is not this run's any more: whoever took over the locks has undone it, and may
    be writing, or have committed, under the same label.
    """
    claimed = _note(intent.label).read(storage)
    return undo(storage, intent) if claimed is not None and claimed.run == intent.run else []


def undo(storage: Storage, intent: Intent) -> list[str]:
    """Remove the files of a run that will not commit; gives their names."""
    prefix = f".tmp-{intent.label}-"
    present = {entry.name for entry in storage.entries(intent.day)}
    gone = sorted(
        (name for name in present if name in intent.files or name.startswith(prefix)),
        key=lambda name: (label_in_metadata_name(name) is None, name),  # metadata first: it makes a set of the files
    )
    for name in gone:
        storage.delete(intent.day, name)
    storage.sync(intent.day)
    clear(storage, intent.label)  # last: while it is there, the next run goes on with this
    return gone


def _settled(storage: Storage, label: str, stands: Callable[[bytes], bool]) -> str:
    try:
        return _settle(storage, label, stands)
    except PermissionDenied as refused:
        if not is_refusal(refused):
            raise
        log.warning("what is unfinished of backup %s stays, its intent with it: %s", label, refused)
        return f"left what is unfinished of backup {label}: its folder can only be read"


def _settle(storage: Storage, label: str, stands: Callable[[bytes], bool]) -> str:
    intent = _note(label).read(storage)
    if intent is None:
        clear(storage, label)
        return f"dropped an unreadable note about backup {label}"
    if intent.doing == "write" and (committed := _committed(storage, intent)) and stands(committed):
        for entry in storage.entries(intent.day):
            if entry.name.startswith(f".tmp-{label}-"):
                storage.delete(intent.day, entry.name)
        # W9 was reached: the set stays, and W10 is done here
        storage.put(STATE, metadata_name(label), committed)
        clear(storage, label)
        return f"finished the bookkeeping of backup {label}"
    gone = undo(storage, intent)
    if intent.doing == "remove":
        storage.delete(STATE, metadata_name(label))
        return f"finished removing backup {label}"
    return f"removed {len(gone)} unfinished files of backup {label}"


def _committed(storage: Storage, intent: Intent) -> bytes:
    try:
        with storage.open(intent.day, metadata_name(intent.label)) as file:
            return file.read(MAX_BYTES)  # empty: a placeholder, where the file system has no hard links
    except BackupFileNotFound:
        return b""


def _note(label: str) -> Note[Intent | None]:
    return Note(f"intent_{label}.json", partial(_intent, label), lambda: None)


def _intent(label: str, about: Mapping[str, Any]) -> Intent:
    """Only what this program may have written: files are deleted by it."""
    intent = Intent(about["label"], about["day"], tuple(about["files"]), about["doing"], str(about.get("run", "")),
                    str(about.get("scope", "")))
    ours = all(_belongs(name, label) for name in intent.files) and intent.doing in get_args(Doing)
    if not ours or intent.label != label or intent.day not in DAYS:
        raise ValueError("it is not about that backup")
    return intent


def _belongs(name: object, label: str) -> bool:
    if not isinstance(name, str):
        return False
    part = split_part_name(name)
    return name == metadata_name(label) or (part is not None and part[1] == label)


def _is_dead(storage: Storage, label: str, scope: str, now: float) -> bool:
    """Whether the run that claimed a label cannot be at work, although the file lock proves nothing."""
    intent = _note(label).read(storage)
    if intent is not None and scope and intent.scope == scope:
        return True
    last = max((entry.modified for folder in (STATE, *DAYS) for entry in _listed(storage, folder)
                if label in entry.name), default=now)
    return abs(now - last) > _FORGOTTEN_SECONDS


def _sweep(storage: Storage, claimed: set[str], now: float) -> list[str]:
    """Remove the temporary files that belong to no intent, and that nobody can be writing any more."""
    gone = 0
    for folder, entry in _temporaries(storage, {}):
        ours = any(entry.name.startswith(f".tmp-{label}-") for label in claimed)
        # one dated an hour ahead is of a time when the clock was wrong
        if ours or abs(now - entry.modified) <= _FORGOTTEN_SECONDS:
            continue
        try:
            storage.delete(folder, entry.name)
        except PermissionDenied:
            continue  # in a folder that can only be read, or of another user
        gone += 1
    return [f"removed {gone} forgotten temporary files"] if gone else []


def _temporaries(storage: Storage, clean: dict[str, object]) -> Iterator[tuple[str, Entry]]:
    for folder in ("", STATE, *DAYS):
        stamp = storage.stamp(folder)  # before the names: what comes meanwhile changes it
        if stamp is not None and clean.get(folder) == stamp:
            continue
        try:
            # by name first: there is hardly ever one, and thousands of sets need not be asked for their times
            suspects = any(name.startswith(".tmp-") for name in storage.names(folder))
        except BackupError:
            continue  # a day folder that is a link or a file stops that day's backups, not every day's
        if not suspects:
            clean[folder] = stamp
            continue
        listed = _listed(storage, folder)
        yield from ((folder, entry) for entry in listed if entry.name.startswith(".tmp-"))


def _listed(storage: Storage, folder: str) -> list[Entry]:
    try:
        return storage.entries(folder)
    except BackupError:
        return []


def _folder_clock(storage: Storage) -> float:
    """Give the folder's present moment; where nothing more can be written, the latest that is known there."""
    try:
        draft = storage.draft("", _PROBE)
    except BackupError:
        return max((entry.modified for folder in ("", STATE, *DAYS) for entry in _listed(storage, folder)), default=0.0)
    try:
        return next(entry.modified for entry in storage.entries("") if entry.name == draft.name)
    finally:
        draft.discard()
