"""Take the files of backup sets out of a zip or a folder into a place of their own. Trusts no name and no size.

Only files named like those of a set are looked at, by their bare names, so no path in a zip means anything but that a
folder ``.state`` holds second copies and ``.app`` what is not taken in; sizes are limited before a byte is written.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from backup_engine.errors import BadInput, NoSpace
from backup_engine.model import DAYS, SILENT, Watch
from backup_engine.repository import manifest
from backup_engine.storage.base import APP, STATE
from backup_engine.storage.local import LocalStorage

__all__ = ["Found", "copy_to", "found_in"]

MAX_ENTRIES = 20_000
MAX_BYTES = 16 << 30
MAX_RATIO = 250
"""Plain CSV of a list packs 5 to 30 times smaller; a bomb a thousand times."""
SMALL = 64 << 20
"""Below this no ratio is asked about."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """One file of a set: its bare name, where it belongs, its size in bytes, and how to open it.

    ``second`` is the copy of a metadata file that lies in ``.state``.
    """

    name: str
    day: str
    size: int
    open: Callable[[], IO[bytes]]
    second: bool = False


@contextmanager
def found_in(source: Path | str | BinaryIO) -> Iterator[list[Found]]:
    """Give what looks like files of sets in a zip (a path or a stream) or in a folder and its folders.

    A second copy of metadata counts where the first is missing and a file of that set is there. Raises ``BadInput`` for
    anything else, for two files of one name, and for what unpacks beyond all measure.
    """
    path = Path(source) if isinstance(source, (str, Path)) else None
    if path is not None and path.is_dir():
        yield _checked(_in_folder(path))
        return
    if path is not None and not path.is_file():
        raise BadInput(f"There is no file or folder {path}.")
    try:
        with zipfile.ZipFile(path or source) as archive:
            yield _checked(_in_zip(archive))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile) as error:
        # NotImplementedError: a compression zipfile does not know; RuntimeError: a password
        raise BadInput(f"The zip file cannot be read: {error}.") from error


def copy_to(place: LocalStorage, files: list[Found], *, watch: Watch = SILENT) -> None:
    """Copy the files into the folders of their days. Raises ``NoSpace``, ``BadInput`` for damaged zips."""
    free = place.free_bytes()
    total = sum(file.size for file in files)
    if free is not None and total > free:
        raise NoSpace(f"unpacking needs {total >> 20:,} MiB, {free >> 20:,} MiB are left for temporary files")
    for number, file in enumerate(files):
        watch.step("Unpacking", number, len(files))
        draft = place.draft(file.day, "unpack")
        try:
            with file.open() as content:
                shutil.copyfileobj(content, draft, CHUNK)
            draft.publish(file.name)
        finally:
            draft.discard()


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Found]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise BadInput(f"The zip holds {len(entries):,} files; a backup has three.")
    # some programs on Windows write backslashes
    placed = [(entry, entry.filename.replace("\\", "/").split("/")) for entry in entries]
    # a zip of a whole backup folder holds the application's own data as well, under the same names
    wanted = [(entry, path) for entry, path in placed
              if _day_of(path[-1]) and not entry.is_dir() and APP not in path[:-1]]
    unpacked = sum(entry.file_size for entry, _ in wanted)
    packed = sum(entry.compress_size for entry, _ in wanted)
    if unpacked > MAX_BYTES or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        raise BadInput(f"The zip would unpack to {unpacked >> 20:,} MiB from {packed >> 20:,} MiB and is not opened.")
    for entry, (*folders, name) in wanted:
        yield Found(name, _day_of(name), entry.file_size, partial(archive.open, entry), STATE in folders)


def _in_folder(folder: Path) -> Iterator[Found]:
    for path in sorted([*folder.iterdir(), *(inner for day in (*DAYS, STATE) for inner in _inside(folder / day))]):
        if _day_of(path.name) and path.is_file() and not path.is_symlink():
            yield Found(path.name, _day_of(path.name), path.stat().st_size, _reader(path), path.parent.name == STATE)


def _reader(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _inside(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() and not folder.is_symlink() else iter(())


def _checked(files: Iterator[Found]) -> list[Found]:
    by_name: dict[str, Found] = {}
    labels: set[str] = set()
    for file in sorted(files, key=lambda file: file.second):
        part = manifest.split_part_name(file.name)
        if file.second and (part or file.name in by_name or manifest.label_in_metadata_name(file.name) not in labels):
            continue  # a set that is whole without it, or one that is gone
        if file.name in by_name:
            raise BadInput(f"There are two files named {file.name}.")
        by_name[file.name] = file
        labels |= {part[1]} if part else set()
    if not any(manifest.label_in_metadata_name(name) for name in by_name):
        what = "backup_metadata_….json is missing" if by_name else "no file is named like one of a backup"
        raise BadInput(f"This is no backup: {what}. A single table comes in through Import in Equipment Records.")
    return list(by_name.values())


def _day_of(name: str) -> str:
    """Name the day's folder by the label in the file's name; empty for a file that is not of a set."""
    label = manifest.label_in_metadata_name(name) or (manifest.split_part_name(name) or ("", ""))[1]
    try:
        return manifest.day_of(datetime.strptime(label, manifest.LABEL))
    except ValueError:
        return ""
