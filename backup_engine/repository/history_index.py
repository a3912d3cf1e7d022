"""Which record had which content in which set: one small file per set and collection in the state folder.

Each holds, for every record, 8 bytes of a hash of its identity and 8 of its content, sorted by identity; and the
records that *ended* with this set: what the set before had and this one has not, as they were. So a record's versions
and lost records are found without reading the sets again; the newest version alone is read from a set. All of it can
be rebuilt. As soon as any set in the folder is encrypted no record is kept here, only hashes.
"""

from __future__ import annotations

import json
import logging
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backup_engine.errors import BackupError, BackupFileNotFound, Cancelled, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.policy.minutes import CONTINUOUS
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content, digest, digests, same_content
from backup_engine.records.live_profile import key_text
from backup_engine.repository import contents
from backup_engine.storage.base import STATE
from backup_engine.workspace import Workspace

__all__ = ["Entry", "Hashes", "Wanted", "content_hash", "fetch", "forget_records", "identity_hash", "index_of",
           "records_of", "table_hash"]

log = logging.getLogger(__name__)
Hashes = NDArray[np.uint64]
Wanted = tuple[int, int]
"""Hash of identity and of content."""

MAGIC = b"history 1\n"
ENDED_LIMIT = 50_000
"""Records a file keeps at most; of a set that replaced everything the versions are read from the sets."""
MEMORY = 32 * 1024 * 1024
"""Bytes of records of the previous set kept while the next is read."""


@dataclass
class Entry:
    """The index of one collection of one set. ``identities`` is sorted; ``contents`` belongs to it by position."""

    backup: BackupSet
    identities: Hashes
    contents: Hashes
    ended: dict[tuple[int, int], bytes] = field(default_factory=dict)
    problem: str = ""
    """Why the set could not be read; its records are then unknown."""

    def content_of(self, identity: int) -> int | None:
        """Give the hash of what the record was in this set, None when it was not there."""
        position = int(np.searchsorted(self.identities, np.uint64(identity)))
        if position < len(self.identities) and int(self.identities[position]) == identity:
            return int(self.contents[position])
        return None


def identity_hash(element: bytes) -> int:
    """Hash the element of an ``_id``."""
    return int.from_bytes(sha256(element).digest()[:8], "little")


def content_hash(document: bytes) -> int:
    """Hash a record."""
    return _short(digest(document))


def table_hash(document: bytes) -> int | None:
    """Hash what identifies a record of a legacy set: its uuid, else its ID and Serial; None without any."""
    fields = {raw.name_text(name): element for name, element in raw.elements(document)}
    texts = {name: key_text(raw.value_of(fields[name])) for name in ("uuid", "ID", "Serial") if name in fields}
    if texts.get("uuid"):
        return identity_hash(f"uuid={texts['uuid']}".encode())
    if texts.get("ID") or texts.get("Serial"):
        return identity_hash(f"ID={texts.get('ID', '')}\nSerial={texts.get('Serial', '')}".encode())
    return None


def index_of(
    ws: Workspace, key: str, wanted: Callable[[BackupSet], bool] = lambda _: True, *, watch: Watch = SILENT
) -> list[Entry]:
    """Give the index of every usable set that is wanted, oldest first, reading only what is new or changed since."""
    everything = [backup for backup in ws.catalog.sets() if backup.usable and key in backup.parts]
    sets = [backup for backup in everything if wanted(backup)]
    present = {entry.name for entry in ws.storage.entries(STATE)}
    secret = any(backup.encrypted for backup in everything)
    builder = _Builder(ws, key, watch, secret=secret)
    entries: list[Entry] = []
    for number, backup in enumerate(sets):
        watch.step("Looking through the backups", number, len(sets))
        entry = _load(ws, backup, key) if _name(backup, key) in present else None
        if secret and entry is not None and entry.ended:
            # from before encryption was switched on; what the record was can be read in the set, by who has the key
            entry.ended = {}
            _store(ws, entry, key)
        entries.append(entry or builder.build(backup, entries[-1] if entries else None))
        if backup.kind == "full" and not entries[-1].problem:
            builder.full[backup.backup_id] = entries[-1]
    _forget(ws, key, present - {_name(backup, key) for backup in everything})
    return entries


class _Builder:
    """Reads sets one after the other, remembering the records of the last one while they are few."""

    def __init__(self, ws: Workspace, key: str, watch: Watch, *, secret: bool) -> None:
        self._ws = ws
        self._secret = secret
        self._key = key
        self._watch = watch
        self._read: tuple[str, dict[int, bytes]] | None = None
        self.full: dict[str, Entry] = {}
        """What is known of full sets, by ``backup_id``."""

    def build(self, backup: BackupSet, previous: Entry | None) -> Entry:
        """Index one set and store the index. A set that cannot be read gives an empty entry with the problem."""
        if previous is not None and not previous.problem and same_content(
            previous.backup.parts[self._key], backup.parts[self._key]
        ):
            entry = Entry(backup, previous.identities, previous.contents)
        else:
            before = self._read
            try:
                over = self.full.get(backup.base or "") if backup.trigger == CONTINUOUS else None
                entry = self._overlaid(backup, over) if over is not None else self._scan(backup)
                if previous is not None and not previous.problem and over is None:
                    entry.ended = self._ended(previous, entry, before)
            except Cancelled:
                raise
            except BackupError as error:
                return Entry(backup, _hashes(array("Q")), _hashes(array("Q")), problem=error.message)
        _store(self._ws, entry, self._key)
        return entry

    def _overlaid(self, backup: BackupSet, base: Entry) -> Entry:
        """Work the index of a set made continuously out of the one of its full set: there may be one every minute, and
        reading the whole list for each would cost what it saves. What ended with it is read from the sets when asked
        for."""
        part = backup.parts[self._key]
        with self._ws.catalog.open_part(backup, self._key) as source:
            if sha256(source.read()).hexdigest() != part.stored_sha256:
                raise VerificationFailed(f"{part.file} does not hold what was saved")
        there, gone = dict[int, int](), set[int]()
        for batch, deleted in contents.changes(self._ws, backup, part, self._watch):
            documents = raw.documents_of(batch)
            there |= {identity_hash(raw.id_of(each)): _short(whole)
                      for each, whole in zip(documents, digests(documents), strict=True)}
            gone |= {identity_hash(raw.id_of(each)) for each in deleted}
        stays = ~np.isin(base.identities, np.array([*there, *gone], np.uint64))
        unsorted = np.concatenate([base.identities[stays], np.array(list(there), np.uint64)])
        hashes = np.concatenate([base.contents[stays], np.array(list(there.values()), np.uint64)])
        order = np.argsort(unsorted, kind="stable")
        return Entry(backup, unsorted[order], hashes[order])

    def _scan(self, backup: BackupSet) -> Entry:
        identities, hashes = array("Q"), array("Q")
        part = backup.parts[self._key]
        small = part.plain_bytes < MEMORY
        kept: dict[int, bytes] = {}
        held, identify = EMPTY, _identifier(backup)
        for batch in contents.documents(self._ws, backup, self._key, watch=self._watch):
            documents = raw.documents_of(batch)
            each = digests(documents)
            held += Content.of_digests(each)
            for document, whole in zip(documents, each, strict=True):
                identity = identify(document)
                if identity is None:
                    continue
                identities.append(identity)
                hashes.append(_short(whole))
                if small:
                    kept[identity] = document
        # the index is believed later on without reading the set again
        if part.content_sha256 and not held.matches(part):
            raise VerificationFailed(f"{part.file} does not hold what was saved")
        self._read = (backup.backup_id, kept) if small else None
        unsorted = _hashes(identities)
        order = np.argsort(unsorted, kind="stable")
        return Entry(backup, unsorted[order], _hashes(hashes)[order])

    def _ended(
        self, previous: Entry, entry: Entry, before: tuple[str, dict[int, bytes]] | None
    ) -> dict[tuple[int, int], bytes]:
        gone = _not_in(previous, entry)
        if not gone or len(gone) > ENDED_LIMIT or self._secret:
            return {}
        if before is not None and before[0] == previous.backup.backup_id:
            return {(identity, content): before[1][identity] for identity, content in gone.items()}
        records = records_of(self._ws, previous.backup, self._key, watch=self._watch)
        return {(identity, gone[identity]): document for identity, document in records if identity in gone}


def records_of(
    ws: Workspace, backup: BackupSet, key: str, *, watch: Watch = SILENT
) -> Iterator[tuple[int, bytes]]:
    """Read a set: hash of identity and record, without those of a legacy set that carry no identity."""
    identify = _identifier(backup)
    for batch in contents.documents(ws, backup, key, watch=watch):
        for document in raw.documents_of(batch):
            identity = identify(document)
            if identity is not None:
                yield identity, document


def fetch(
    ws: Workspace, key: str, entries: Sequence[Entry], entry: Entry, wanted: set[Wanted], watch: Watch
) -> dict[Wanted, bytes]:
    """Give the records of one set for these pairs of hashes: from what ended where that is kept, else from the set."""
    documents = {pair: ended.ended[pair] for ended in entries for pair in wanted & ended.ended.keys()}
    left = {identity: content for identity, content in wanted if (identity, content) not in documents}
    if left:
        for identity, document in records_of(ws, entry.backup, key, watch=watch):
            if identity in left and content_hash(document) == left[identity]:
                documents[identity, left[identity]] = document
    return documents


def _not_in(previous: Entry, entry: Entry) -> dict[int, int]:
    """What the set before had otherwise or alone: hash of identity → hash of content."""
    if not len(entry.identities):
        changed = np.ones(len(previous.identities), bool)
    else:
        # beyond the last identity any will do: the comparison refuses it
        at = np.minimum(np.searchsorted(entry.identities, previous.identities), len(entry.identities) - 1)
        changed = (entry.identities[at] != previous.identities) | (entry.contents[at] != previous.contents)
    return dict(zip(previous.identities[changed].tolist(), previous.contents[changed].tolist(), strict=True))


def _identifier(backup: BackupSet) -> Callable[[bytes], int | None]:
    return table_hash if backup.state == "legacy" else lambda document: identity_hash(raw.id_of(document))


def _short(digest: bytes) -> int:
    return int.from_bytes(digest[-8:])


def _stamp(backup: BackupSet, key: str) -> dict[str, Any]:
    part = backup.parts[key]
    return {"backup_id": backup.backup_id, "content": part.content_sha256, "records": part.records,
            "stored": part.stored_sha256 or part.stored_bytes}


def _store(ws: Workspace, entry: Entry, key: str) -> None:
    documents = list(entry.ended.values())
    head = {**_stamp(entry.backup, key), "rows": len(entry.identities), "ended": len(documents)}
    pairs = np.array(list(entry.ended), np.uint64).reshape(-1)
    lengths = np.array([len(document) for document in documents], np.uint64)
    numbers = [entry.identities, entry.contents, pairs, lengths]
    body = json.dumps(head).encode() + b"\n" + b"".join(part.astype("<u8").tobytes() for part in numbers)
    body += b"".join(documents)
    try:
        ws.storage.put(STATE, _name(entry.backup, key), MAGIC + struct.pack("<I", zlib.crc32(body)) + body)
    except BackupError as error:
        log.warning("the history index was not stored: %s", error)


def _load(ws: Workspace, backup: BackupSet, key: str) -> Entry | None:
    try:
        with ws.storage.open(STATE, _name(backup, key)) as file:
            data = file.read()
    except BackupFileNotFound:
        return None
    start = len(MAGIC) + 4
    if not data.startswith(MAGIC) or data[len(MAGIC):start] != struct.pack("<I", zlib.crc32(data[start:])):
        return None
    # the sum is right, so the rest is what _store has written
    line = data.index(b"\n", start)
    head: Mapping[str, Any] = json.loads(data[start:line])
    if {name: head[name] for name in _stamp(backup, key)} != _stamp(backup, key):
        return None
    rows, ended = head["rows"], head["ended"]
    numbers = np.frombuffer(data, "<u8", 2 * rows + 3 * ended, line + 1)
    pairs = numbers[2 * rows : 2 * rows + 2 * ended].reshape(-1, 2).tolist()
    at = line + 1 + 8 * len(numbers)
    entry = Entry(backup, numbers[:rows], numbers[rows : 2 * rows])
    for (identity, content), length in zip(pairs, numbers[2 * rows + 2 * ended :].tolist(), strict=True):
        entry.ended[identity, content] = data[at : at + length]
        at += length
    return entry


def forget_records(ws: Workspace) -> None:
    """Remove every index that holds records: encryption was switched on."""
    for name in ws.storage.names(STATE):
        if name.startswith("history_") and name.endswith(".index") and _holds_records(ws, name):
            ws.storage.delete(STATE, name)


def _holds_records(ws: Workspace, name: str) -> bool:
    with ws.storage.open(STATE, name) as file:
        head = file.read(4096)[len(MAGIC) + 4 :].partition(b"\n")[0]
    try:
        return bool(json.loads(head)["ended"])
    except (ValueError, KeyError, TypeError):
        return True  # it is none of ours, or no more: it can be rebuilt


def _forget(ws: Workspace, key: str, names: set[str]) -> None:
    for name in names:
        if name.startswith("history_") and name.endswith(f"_{key}.index"):
            try:
                ws.storage.delete(STATE, name)
            except BackupError as error:
                log.warning("an index nobody needs any more stays: %s", error)


def _name(backup: BackupSet, key: str) -> str:
    return f"history_{backup.day}_{backup.label}_{key}.index"


def _hashes(numbers: array[int]) -> Hashes:
    return np.frombuffer(numbers.tobytes(), np.uint64)
