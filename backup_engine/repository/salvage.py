"""The readable rows of damaged files, and how many were not readable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from backup_engine.csv_format.decoder import Decoder
from backup_engine.csv_format.reader import BadRow, read_changes
from backup_engine.csv_format.rows import ROW_END
from backup_engine.errors import BackupFileNotFound, PermissionDenied, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Batch, Part, Watch
from backup_engine.records.raw import documents_of, id_of
from backup_engine.repository.text_view import lines_of
from backup_engine.repository.type_guess import guess_layout, guessed_rows
from backup_engine.workspace import Workspace

__all__ = ["Salvage", "guessed_documents"]

BATCH = 1_000
UNREADABLE = (VerificationFailed, BackupFileNotFound, PermissionDenied)
Found = Iterator[tuple[int, bytes | BadRow]]


class Salvage:
    """One collection of a damaged set, read as far as it can be.

    ``lost`` and ``notes`` are complete when the batches have been read to their end.
    """

    def __init__(self, ws: Workspace, backup: BackupSet, part: Part, rows: Found | None = None) -> None:
        self._ws, self._backup, self._part = ws, backup, part
        self._rows = rows
        self._bad = self._given = 0
        self.notes: list[str] = []

    @property
    def lost(self) -> int:
        """Rows that could not be read, as far as that can be known."""
        return max(self._bad, self._part.records - self._given)

    def readable(self, watch: Watch = SILENT) -> Iterator[Batch] | None:
        """Give the documents in batches; ``None`` when records are missing and there is not a single one."""
        batches = self._batches(watch)
        first = next(batches, None)
        if first is None:
            return None if self.lost else iter(())
        return chain([first], batches)

    def _batches(self, watch: Watch) -> Iterator[Batch]:
        rows: list[bytes] = []
        for document in self._documents():
            rows.append(document)
            self._given += 1
            if len(rows) == BATCH:
                watch.step("Saving readable rows", self._given, self._part.records or None)
                yield b"".join(rows)
                rows = []
        if rows:
            yield b"".join(rows)

    def _documents(self) -> Iterator[bytes]:
        if self._rows is not None:
            return self._sound(self._rows)
        if self._backup.kind == "differential":
            return self._overlaid()
        return self._sound(self._stored(self._backup, self._part))

    def _overlaid(self) -> Iterator[bytes]:
        replaced = self._replaced()
        try:
            base = self._ws.catalog.base_of(self._backup)
            below = self._sound(self._stored(base, base.parts[self._part.key]))
            yield from (document for document in below if id_of(document) not in replaced)
        except (VerificationFailed, KeyError):
            self.notes.append("its full backup is gone: only what had changed since is here")
        yield from self._sound(self._stored(self._backup, self._part))

    def _replaced(self) -> set[bytes]:
        """Which records the differential changes or deletes, as far as it can be read."""
        try:
            with self._ws.catalog.open_part(self._backup, self._part.key) as source:
                changes = read_changes(source, self._part, seal=self._ws.seal, workers=1)
                return {id_of(document) for batch, deleted in changes for document in (*documents_of(batch), *deleted)}
        except UNREADABLE:
            self.notes.append("records that had been deleted may be back")
        try:
            return {id_of(row) for _, row in self._stored(self._backup, self._part) if isinstance(row, bytes)}
        except UNREADABLE:
            return set()

    def _stored(self, backup: BackupSet, part: Part) -> Found:
        decoder = Decoder(part.layout)
        with lines_of(self._ws, backup, part) as lines:
            next(lines, None)
            for number, line in enumerate(lines, 1):
                # surrogateescape gives back the very bytes, broken UTF-8 included
                yield from decoder.decode_each((line + ROW_END).encode("utf-8", "surrogateescape"), number)

    def _sound(self, rows: Found) -> Iterator[bytes]:
        try:
            for _, row in rows:
                if isinstance(row, BadRow):
                    self._bad += 1
                else:
                    yield row
        except UNREADABLE:  # what follows is lost with it; how much, lost knows from the number promised
            self._bad += 1


def guessed_documents(ws: Workspace, backup: BackupSet, part: Part, watch: Watch = SILENT) -> Found:
    """Read a file of ours whose metadata is lost."""
    yield from guessed_rows(ws, backup, part, guess_layout(ws, backup, part, watch))
