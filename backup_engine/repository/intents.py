"""Intent files: what a running operation is about to leave in the folder, written before it does.

A crashed run is undone from its intent alone, so recovery never has to guess which file is whose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, get_args

from backup_engine.errors import BackupError, BackupFileNotFound
from backup_engine.model import DAYS
from backup_engine.repository.manifest import label_in_metadata_name, metadata_name, split_part_name
from backup_engine.repository.notes import Note
from backup_engine.storage.base import STATE, Storage

Doing = Literal["write", "remove"]
_NAME = re.compile(r"intent_(\d{8}_\d{6})\.json")
_FORGOTTEN_SECONDS = 600
"""Small temporaries of ``put`` live for milliseconds; one this old is a crash's."""


@dataclass(frozen=True)
class Intent:
    """The label, its folder, the files concerned, whether they are being written or removed, and by which run."""

    label: str
    day: str
    files: tuple[str, ...]
    doing: Doing = "write"
    run: str = ""
    """The ``backup_id`` of the set in the making; empty for a remover and in intents of earlier versions."""


def claim(storage: Storage, intent: Intent) -> None:
    """Write the intent; raises ``FileExistsError`` when somebody else has this label."""
    _note(intent.label).write(storage, asdict(intent), exclusive=True)


def clear(storage: Storage, label: str) -> None:
    """Take the intent away: its run is over."""
    _note(label).delete(storage)


def labels(names: Iterable[str]) -> set[str]:
    """Labels on which a run is working or was when it died, by the names in ``.state``."""
    return {match[1] for name in names if (match := _NAME.fullmatch(name))}


def recover(storage: Storage) -> list[str]:
    """Undo what crashed writers left, finish what crashed removers began; says what was done. Under the locks only."""
    done = [_settle(storage, label) for label in sorted(labels(storage.names(STATE)))]
    return [line for line in done if line] + _sweep(storage)


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


def _settle(storage: Storage, label: str) -> str:
    intent = _note(label).read(storage)
    if intent is None:
        clear(storage, label)
        return f"dropped an unreadable note about backup {label}"
    if intent.doing == "write" and (committed := _committed(storage, intent)):
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
            return file.read()  # empty: a placeholder, where the file system has no hard links
    except BackupFileNotFound:
        return b""


def _note(label: str) -> Note[Intent | None]:
    return Note(f"intent_{label}.json", partial(_intent, label), lambda: None)


def _intent(label: str, about: Mapping[str, Any]) -> Intent:
    """Only what this program may have written: files are deleted by it."""
    intent = Intent(about["label"], about["day"], tuple(about["files"]), about["doing"], str(about.get("run", "")))
    ours = all(_belongs(name, label) for name in intent.files) and intent.doing in get_args(Doing)
    if not ours or intent.label != label or intent.day not in DAYS:
        raise ValueError("it is not about that backup")
    return intent


def _belongs(name: object, label: str) -> bool:
    if not isinstance(name, str):
        return False
    part = split_part_name(name)
    return name == metadata_name(label) or (part is not None and part[1] == label)


def _sweep(storage: Storage) -> list[str]:
    gone = []
    for folder in ("", STATE, *DAYS):
        try:
            # by name first: there is hardly ever one, and thousands of sets need not be asked for their times
            suspects = any(name.startswith(".tmp-p") for name in storage.names(folder))
            entries = storage.entries(folder) if suspects else []
        except BackupError:
            continue  # a day folder that is a link or a file stops that day's backups, not every day's
        newest = max((entry.modified for entry in entries), default=0.0)
        old = [e.name for e in entries if e.name.startswith(".tmp-p") and e.modified < newest - _FORGOTTEN_SECONDS]
        for name in old:
            storage.delete(folder, name)
        gone += old
    return [f"removed {len(gone)} forgotten temporary files"] if gone else []
