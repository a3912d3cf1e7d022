"""A backup set as one zip, streamed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

from backup_engine.api import BackupSet

CHUNK = 1 << 20


def stream(open_file: Callable[[str, str], BinaryIO], backup: BackupSet) -> Iterator[bytes]:
    """Give the bytes of a zip that holds the set's files under its day's folder; memory holds one chunk.

    ``open_file`` opens a file by folder and name. Files are stored, not compressed again. Raises
    ``BackupFileNotFound`` when one is gone.
    """
    names = [part.file for part in backup.parts.values() if part.file]
    names += [backup.metadata_file] if backup.metadata_file else []
    sink = _Drain()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{backup.day}/{name}", _stamp(backup.started))
            # force_zip64: the header goes out before the size is known, and that may be beyond 2 GiB.
            with open_file(backup.day, name) as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield sink.taken()
    yield sink.taken()


def _stamp(moment: datetime) -> tuple[int, int, int, int, int, int]:
    local = moment.astimezone()
    # A zip can name no earlier year.
    return (max(local.year, 1980), local.month, local.day, local.hour, local.minute, local.second)


class _Drain(io.RawIOBase):
    """A sink that cannot seek and hands over what has been written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._buffer += piece
        return len(piece)

    def taken(self) -> bytes:
        """Give and forget what was written since the last call."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data
