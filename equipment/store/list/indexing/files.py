"""One collection's index on this machine: opened when the process starts, made anew or compacted beside the pages.

The database keeps the mark of every generation that was made of it. One that it does not know was made of another past,
as after a snapshot of its disk was brought back, and a place in the change stream would mean nothing there.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import bson
import numpy as np
import pyarrow as pa
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from backup_engine.machine import children, private
from equipment.index import generation
from equipment.index.folder import Folder, is_fit
from equipment.index.segment import Segment
from equipment.index.sheet import Sheet
from equipment.store.list.indexing import worker

__all__ = ["MARKS", "IndexFiles", "Opened"]

log = logging.getLogger(__name__)

MARKS: Final = "equipment_list_index"
PATIENCE_SECONDS: Final = 600.0
"""For another process of this machine that is making a generation; 1,000,000 records take it 45 s."""
Token = dict[str, Any]


class Opened:
    """A generation in use: its rows, and where the change stream has what is not in them."""

    def __init__(self, name: str, base: Segment, token: Token, held: int) -> None:
        self.name, self.base, self.token, self._held = name, base, token, held

    def close(self) -> None:
        """Say that this process reads it no more."""
        os.close(self._held)


class IndexFiles:
    """The generations of one collection. Nothing here changes what is mapped."""

    def __init__(self, folder: Folder, marks: Collection[dict[str, Any]]) -> None:
        self.folder, self._marks = folder, marks
        self._working = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def of(cls, collection: Collection[dict[str, Any]], root: Path) -> IndexFiles | None:
        """Find the place of a collection's index; None where the collection has no identity or the place is unfit."""
        told = collection.database.command("listCollections", filter={"name": collection.name})
        identity = next((one.get("info", {}).get("uuid") for one in told["cursor"]["firstBatch"]), None)
        if identity is None or not is_fit(root):
            return None
        return cls(Folder(root, collection.database.name, bytes(identity).hex()), collection.database[MARKS])

    def open(self) -> Opened | None:
        """Map the generation that counts, once it is proven; None where there is none that can be used."""
        while (name := self.folder.current()) is not None:
            try:
                held = self.folder.hold(name)
            except OSError as error:
                log.warning("the index of the list cannot be read: %s", error.strerror)
                return None
            try:
                base, about = generation.read(self.folder.path / name)
                if self._marks.find_one({"_id": about.mark}) is None:
                    raise generation.Unusable("the database does not know it")
                return Opened(name, base, bson.decode(bytes.fromhex(about.token)), held)
            except generation.Unusable as error:
                os.close(held)
                if self.folder.current() == name:
                    log.warning("the index of the list is made anew: %s", error)
                    return None
            except BaseException:
                os.close(held)
                raise
        return None

    def build(self, batches: Iterable[bytes], token: Token, newer_than: str | None) -> bool:
        """Make a generation of all records, or let another process of this machine, unless it made one since
        ``newer_than`` did count; says whether there is one now.

        ``batches`` is only read when it is this process that makes it.
        """
        try:
            with self.folder.making(PATIENCE_SECONDS) as made:
                if made is None:
                    return False
                if self.folder.current() not in (None, newer_than):
                    return True
                return self._make(made, ["build"], token, lambda pipe: _send(batches, pipe))
        except OSError as error:
            log.warning("the index of the list cannot be written: %s", error.strerror or error)
            return False

    def compact(self, sheet: Sheet, token: Token, base: str) -> bool | None:
        """Make a generation of one and what changed since; False when another process is at it, None when the one
        it would be made of is damaged or gone."""
        try:
            with self.folder.making() as made:
                if made is None or self.folder.current() not in (None, base):
                    return False
                dead = np.empty(0, np.int64) if sheet.alive is None else np.flatnonzero(~sheet.alive)
                with private.open_file(made / worker.DEAD, "xb") as out:
                    np.save(out, dead, allow_pickle=False)
                changed = sheet.changed.table(np.arange(len(sheet.changed), dtype=np.uint32))
                with private.open_file(made / worker.CHANGED, "xb") as out, pa.ipc.new_file(
                        out, changed.schema) as file:
                    file.write_table(changed)
                was_made = self._make(made, ["compact", str(self.folder.path / base)], token, lambda pipe: pipe.close())
                return True if was_made else None
        except OSError as error:
            log.warning("the index of the list cannot be written: %s", error.strerror or error)
            return False

    def is_whole(self, name: str) -> bool:
        """Whether the files of a generation still are those that were written."""
        return generation.is_whole(self.folder.path / name)

    def stop(self) -> None:
        """End what is being made."""
        process = self._process
        if process is not None:
            process.kill()

    def _make(self, made: Path, what: list[str], token: Token, feed: Callable[[Any], None]) -> bool:
        """Let the worker fill the folder, and publish it when it is whole. Raises ``OSError``."""
        mark, before = uuid.uuid4().hex, self._mark_of_current()
        words = [what[0], str(made), mark, bson.encode(token).hex(), *what[1:]]
        with self._working, tempfile.TemporaryFile() as said:
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", worker.PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=said, cwd=children.ABOVE_THE_PACKAGES, env=children.of_python())
            try:
                feed(process.stdin)
            except BrokenPipeError:
                pass  # it ended early, and its exit code says so
            except BaseException:
                process.kill()
                raise
            finally:
                if process.stdin and not process.stdin.closed:
                    with suppress(BrokenPipeError):
                        process.stdin.close()
                code, self._process = process.wait(), None
            said.seek(0)
            told = said.read().decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        if code:
            log.warning("the index of the list was not made (exit code %s): %s", code, told)
            return False
        try:
            self._marks.insert_one({"_id": mark})  # before it counts: one without a mark would be of no use
        except OperationFailure as error:
            log.warning("the index of the list has no mark in the database (code %s)", error.code)
            return False
        self.folder.publish(made)
        if before is not None:
            self._marks.delete_one({"_id": before})
        return True

    def _mark_of_current(self) -> str | None:
        name = self.folder.current()
        return generation.mark_of(self.folder.path / name) if name else None


def _send(batches: Iterable[bytes], pipe: Any) -> None:
    for batch in batches:
        pipe.write(worker.LENGTH.pack(len(batch)))
        pipe.write(batch)
    pipe.write(worker.LENGTH.pack(0))
    pipe.close()

