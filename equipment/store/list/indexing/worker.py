"""The program that makes a generation of the list's index, in a process of its own: a page does not wait for it.

It gets the records as the database gave them, through its standard input, and is not told how to reach the database.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import bson
import numpy as np
import pyarrow as pa

from backup_engine.machine import private
from equipment.domain.search import Columns
from equipment.index import generation
from equipment.index.compaction import compacted
from equipment.index.generation import About
from equipment.index.segment import Segment
from equipment.index.sheet import Sheet
from equipment.store.list import texts
from equipment.store.list.indexing.forgiving import FORGIVING

__all__ = ["CHANGED", "DEAD", "LENGTH", "OLD_BASE", "PROGRAM", "serve"]

PROGRAM: Final = "from equipment.store.list.indexing import worker; worker.serve()"
LENGTH: Final = struct.Struct("<I")
"""Stands before every batch; 0 ends them, so that a reader whose writer died knows that there were more."""
CHANGED, DEAD = "changed.arrow", "dead.npy"
"""What a compaction takes in beside the base; they lie in the folder in which the generation is made."""
OLD_BASE: Final = 3
"""Exit code when the base is not what was written."""


def serve() -> None:
    """Make a generation as the arguments say: ``build FOLDER MARK TOKEN``, or ``compact FOLDER MARK TOKEN BASE``."""
    private.set_umask()
    os.nice(5)
    what, folder, mark, token, *base = sys.argv[1:]
    about, made = About(mark, token, generation.rules()), Path(folder)
    if what == "build":
        generation.write(made, Segment.of_parts(_parts(sys.stdin.buffer)), about)
        return
    try:
        segment, _ = generation.read(Path(base[0]))
    except generation.Unusable as error:
        print(error, file=sys.stderr)
        sys.exit(OLD_BASE)
    alive = np.ones(len(segment), dtype=bool)
    alive[np.load(made / DEAD, allow_pickle=False)] = False
    with pa.ipc.open_file(pa.memory_map(str(made / CHANGED))) as file:
        changed = Segment.of(file.read_all())
    generation.write(made, compacted(Sheet(segment, alive, changed)), about)
    for name in (CHANGED, DEAD):
        (made / name).unlink()


def _parts(source: IO[bytes]) -> Iterator[Columns]:
    while length := LENGTH.unpack(_exactly(source, LENGTH.size))[0]:
        yield texts.columns(bson.decode_all(_exactly(source, length), FORGIVING))


def _exactly(source: IO[bytes], length: int) -> bytes:
    data = source.read(length)
    if len(data) < length:
        raise EOFError("whoever read the records has ended")
    return data
