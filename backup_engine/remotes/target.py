"""One remote as a place for backups: what lies there, sending a set, pins, clearing away.

    claims/NUMBER.json            whose it is
    sets/LABEL-ID.json            one a backup, written last: from here on it exists
    data/ID/RANDOM/FILE           stored bytes, in pieces of 16 MB (FILE.000, FILE.001, … where there are several)
    notes/ID/MOMENT-RANDOM.json   what was said of a backup later: whether it is pinned, and the comment
    app/                          the same three folders once more, for the application's own data

A key is never used twice, so a slow writer can't come over what another one has finished.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backup_engine.errors import BackupFileNotFound, VerificationFailed
from backup_engine.model import APPLICATION, SILENT, BackupSet, Part, Source, Watch
from backup_engine.remotes import entries
from backup_engine.remotes.base import Store, Stored
from backup_engine.remotes.entries import Entry, Piece, RemoteFile
from backup_engine.remotes.inside import InsideStore
from backup_engine.repository import strict_json
from backup_engine.repository.notes import DAMAGE
from backup_engine.workspace import Workspace

__all__ = ["APP", "PIECE_BYTES", "Note", "Sending", "Target"]

APP = "app"
"""Where the application's own data lies; not ``.app`` as in a folder, since no key begins with a dot."""
PIECE_BYTES = 16 << 20
PART_BYTES = 2 << 20
"""What is read in one go of a piece: at 100 KB a second progress shows, and Cancel counts, every 20 s."""
UNNAMED_HOURS = 48
"""How long pieces that no backup names are left alone: they may belong to an upload that is under way."""
NOTE_BYTES = 1 << 16
READERS = 3


@dataclass(frozen=True)
class Note:
    """What was said of a set after it was sent; no ``comment`` where the note has none."""

    pinned: bool
    comment: str | None = None


@dataclass
class Sending:
    """How far the sending of one set has come; kept by the queue so that a restart goes on where it was."""

    random: str = field(default_factory=lambda: secrets.token_hex(8))
    done: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the pieces that have arrived, by key."""


class Target:
    """A remote that is open. ``role`` is that of the sets in it, as in ``Catalog``."""

    def __init__(
        self, store: Store, sources: tuple[Source, ...], *, piece_bytes: int | None = None, role: str = ""
    ) -> None:
        self.store = store
        self.role = role
        self._piece_bytes = piece_bytes or PIECE_BYTES
        self.sources = sources
        self._known: dict[tuple[str, int, datetime], Entry] = {}

    def of_application(self, sources: tuple[Source, ...]) -> Target:
        """The place of the application's own data in the same remote."""
        return Target(InsideStore(self.store, APP), sources, piece_bytes=self._piece_bytes, role=APPLICATION)

    def backup_ids(self) -> set[str]:
        """The sets that lie there, by id, from one listing."""
        return {backup_id for stored in self.store.list(entries.FOLDER)
                if (backup_id := entries.backup_id_in(stored.key))}

    def entries(self, *, watch: Watch = SILENT) -> list[Entry]:
        """Everything that lies there, oldest first. An object is read once; pieces are compared by size."""
        listed = [stored for stored in self.store.list(entries.FOLDER) if entries.backup_id_in(stored.key)]
        sizes = {stored.key: stored.size for stored in self.store.list("data")}
        said = self.notes()
        found = []
        # by the thousand they are, and each takes the time of a round trip
        with ThreadPoolExecutor(READERS) as pool:
            for number, entry in enumerate(pool.map(self._entry, listed)):
                watch.step("Looking into the remote", number, len(listed))
                if entry is not None:
                    found.append(_with_pieces(entry, sizes, said))
        return sorted(found, key=lambda entry: entry.backup.rank)

    def send(
        self, ws: Workspace, backup: BackupSet, sending: Sending, *, sent: Callable[[int], None] = lambda _: None,
        watch: Watch = SILENT,
    ) -> None:
        """Send a set: pieces that have not arrived yet, then the object that makes a backup of them.

        ``sent`` hears of every piece, with its size, after ``sending`` knows it. Raises ``VerificationFailed`` when the
        file here is not what its metadata says: what is damaged is not spread.
        """
        files = [self._send_file(ws, backup, part, sending, sent, watch) for part in backup.parts.values()]
        with ws.storage.open(backup.day, backup.metadata_file) as file:
            metadata = file.read()
        key = entries.key_of(backup)
        try:
            self.store.put(key, entries.encode(backup, metadata, files, ws.clock()), create=True)
        except FileExistsError:
            there = entries.parse(key, self.store.read(key), self.sources, self.role)
            if there.backup.state == "damaged" or dict(there.backup.parts) != dict(backup.parts):
                raise VerificationFailed(f"{self.store.describe()} holds another backup under the name {key}") from None

    def read(self, file: RemoteFile, start: int, length: int) -> bytes:
        """Give bytes of a file; fewer at its end."""
        found, at = [], 0
        for piece in file.pieces:
            first, last = max(start, at), min(start + length, at + piece.size)
            if first < last:
                found.append(self.store.read(piece.key, first - at, last - first))
            at += piece.size
        return b"".join(found)

    def pieces(self, file: RemoteFile, *, watch: Watch = SILENT) -> Iterator[bytes]:
        """Give a file piece by piece, each compared with its SHA-256. Raises ``VerificationFailed``."""
        done = 0
        for piece in file.pieces:
            data = self._read_piece(piece, lambda read, before=done: watch.step(  # type: ignore[misc]
                f"Fetching {file.name}", before + read, file.size))
            if hashlib.sha256(data).hexdigest() != piece.sha256:
                raise VerificationFailed(f"the file was changed: {piece.key} in {self.store.describe()}")
            done += len(data)
            yield data

    def _read_piece(self, piece: Piece, step: Callable[[int], None]) -> bytes:
        """Read a piece, a large one in parts: over a slow line somebody waits, and may give up."""
        step(0)
        if piece.size <= PART_BYTES:
            return self.store.read(piece.key)
        parts = list[bytes]()
        for start in range(0, piece.size, PART_BYTES):
            parts.append(self.store.read(piece.key, start, min(PART_BYTES, piece.size - start)))
            step(start + len(parts[-1]))
        return b"".join(parts)

    def notes(self) -> dict[str, Note]:
        """What was last said about each set; sets of which nothing was said are not in it."""
        newest: dict[str, str] = {}
        for stored in sorted(self.store.list("notes"), key=lambda stored: stored.key):
            _, *middle, _ = stored.key.split("/")
            if len(middle) == 1 and stored.size <= NOTE_BYTES:
                newest[middle[0]] = stored.key
        return {backup_id: self._note(key) for backup_id, key in newest.items()}

    def say(self, backup: BackupSet, now: datetime) -> None:
        """Note whether a set is pinned, and the comment on it."""
        about = {"backup_id": backup.backup_id, "pinned": backup.pinned, "comment": backup.comment,
                 "when": now.isoformat()}
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
        self.store.put(f"notes/{backup.backup_id}/{moment}-{secrets.token_hex(4)}.json", json.dumps(about).encode())

    def remove(self, entry: Entry) -> None:
        """Remove a backup: the object that makes it one first, so that a crash leaves pieces and no half backup."""
        self.store.delete(entry.key)
        for folder in (f"data/{entry.backup.backup_id}", f"notes/{entry.backup.backup_id}"):
            for stored in list(self.store.list(folder)):
                self.store.delete(stored.key)

    def clean(self, keep: Collection[str] = ()) -> int:
        """Remove pieces that no backup has named for 48 hours; gives how many. ``keep``: random parts still in use.

        Time is the store's own: age is measured from the newest object there, whatever our clock says.
        """
        pieces = list(self.store.list("data"))
        listed = [stored for stored in self.store.list(entries.FOLDER) if entries.backup_id_in(stored.key)]
        if not pieces:
            return 0
        limit = max(stored.modified for stored in (*pieces, *listed)) - timedelta(hours=UNNAMED_HOURS)
        old = [stored for stored in pieces if stored.modified < limit]
        if not old:
            return 0
        named, unclear = set[str](), set[str]()
        for stored in listed:
            entry = self._entry(stored)
            if entry is None or not entry.files:  # what cannot be read may name anything of its set
                unclear.add(str(entries.backup_id_in(stored.key)))
            else:
                named |= {piece.key for file in entry.files.values() for piece in file.pieces}
        gone = [stored.key for stored in old if stored.key not in named and not _used(stored.key, unclear, keep)]
        for key in gone:
            self.store.delete(key)
        return len(gone)

    def _send_file(
        self, ws: Workspace, backup: BackupSet, part: Part, sending: Sending, sent: Callable[[int], None], watch: Watch
    ) -> RemoteFile:
        name, whole, pieces = str(part.file), hashlib.sha256(), list[Piece]()
        several = part.stored_bytes > self._piece_bytes
        with ws.catalog.open_part(backup, part.key) as source:
            while True:
                watch.step(f"Sending {name}", sum(piece.size for piece in pieces), part.stored_bytes)
                data = _filled(source.read, self._piece_bytes)
                if not data and pieces:
                    break
                whole.update(data)
                suffix = f".{len(pieces):03d}" if several else ""
                key = f"data/{backup.backup_id}/{sending.random}/{name}{suffix}"
                piece = Piece(key, len(data), hashlib.sha256(data).hexdigest())
                pieces.append(piece)
                if not self._has(piece, sending):
                    self.store.put(key, data)
                    sending.done[key] = piece.sha256
                    sent(len(data))
                if len(data) < self._piece_bytes:
                    break
        if whole.hexdigest() != part.stored_sha256:
            raise VerificationFailed(f"the file was changed: {name} is not sent")
        return RemoteFile(name, sum(piece.size for piece in pieces), tuple(pieces))

    def _has(self, piece: Piece, sending: Sending) -> bool:
        """Whether a piece of an upload that was broken off is there: noted as arrived, and still of its size."""
        if sending.done.get(piece.key) != piece.sha256:
            return False
        try:
            return self.store.stat(piece.key).size == piece.size
        except BackupFileNotFound:
            return False

    def _entry(self, stored: Stored) -> Entry | None:
        place = (stored.key, stored.size, stored.modified)
        if place not in self._known:
            if stored.size > entries.MAX_BYTES:
                raw = b""
            else:
                try:
                    raw = self.store.read(stored.key)
                except BackupFileNotFound:  # removed since it was listed
                    return None
            self._known[place] = entries.parse(stored.key, raw, self.sources, self.role)
        return self._known[place]

    def _note(self, key: str) -> Note:
        try:
            about: Mapping[str, Any] = strict_json.loads(self.store.read(key, 0, NOTE_BYTES).decode())
            comment = about.get("comment")  # notes of before have none
            return Note(about["pinned"] is not False, comment if isinstance(comment, str) else None)
        except (*DAMAGE, AttributeError):
            return Note(True)  # somebody said something: when in doubt it stays
        except BackupFileNotFound:
            return Note(False)


def _with_pieces(entry: Entry, sizes: Mapping[str, int], said: Mapping[str, Note]) -> Entry:
    """Compare what a backup names with what lies there, by size; and take over what was said of it later."""
    backup = entry.backup
    if (note := said.get(backup.backup_id)) is not None:
        about = {**backup.metadata, "pinned": note.pinned}
        if note.comment is not None:
            about["comment"] = note.comment
        entry = replace(entry, backup=replace(backup, pinned=note.pinned, metadata=about), said_later=True)
    if backup.state != "complete":
        return entry
    for file in entry.files.values():
        for piece in file.pieces:
            if piece.key not in sizes:
                return entry.damaged(f"Backup file not found: {piece.key}")
            if sizes[piece.key] != piece.size:
                return entry.damaged(f"{piece.key} has {sizes[piece.key]} bytes instead of {piece.size}")
    return entry


def _used(key: str, unclear: Collection[str], keep: Collection[str]) -> bool:
    parts = key.split("/")
    return len(parts) < 4 or parts[1] in unclear or parts[2] in keep


def _filled(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size and (more := read(size - len(data))):
        data = data + more if data else more
    return data
