"""One array in one file: numpy's own format for numbers, Arrow's for texts, so that both are mapped and not read.

A file is written anew and renamed with its folder, never changed in place: one that gets shorter while it is mapped
ends the process (SIGBUS).
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backup_engine.machine import private

__all__ = ["check_sum", "read", "write"]

SMALL: Final = 1_000
"""Bytes of a file that may hold no number at all."""
AT_ONCE: Final = 8 << 20
"""Bytes of a file read at a time; the sum of so many is made without Python's lock."""


def write(folder: Path, name: str, array: Any) -> str:
    """Write an array of numbers or texts, and give the name of its file. Raises ``OSError``."""
    file = name + (".arrow" if isinstance(array, pa.Array) else ".npy")
    with private.open_file(folder / file, "xb") as out:
        if isinstance(array, pa.Array):
            table = pa.table({"a": array})
            with pa.ipc.new_file(out, table.schema) as written:
                written.write_table(table)
        else:
            np.save(out, np.ascontiguousarray(array), allow_pickle=False)
        out.flush()
        os.fsync(out.fileno())
    return file


def read(path: Path) -> Any:
    """Map the array of a file. Raises ``OSError``, ``ValueError`` or ``pa.ArrowInvalid`` for what is none."""
    if path.suffix == ".npy":
        return _numbers(path)
    column = pa.ipc.open_file(pa.memory_map(str(path))).read_all()["a"]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def check_sum(path: Path) -> tuple[int, int]:
    """Give the size of a file and the CRC32 of its bytes. Raises ``OSError``."""
    size = total = 0
    with path.open("rb", buffering=0) as file:
        buffer = memoryview(bytearray(AT_ONCE))
        while count := file.readinto(buffer):
            size, total = size + count, zlib.crc32(buffer[:count], total)
    return size, total


def _numbers(path: Path) -> Any:
    with path.open("rb") as file:
        empty = np.load(file, allow_pickle=False).size == 0 if path.stat().st_size < SMALL else False
    # Nothing cannot be mapped.
    return np.load(path) if empty else np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
