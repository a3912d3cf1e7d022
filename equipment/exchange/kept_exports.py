"""Exports made beside the page, until they are fetched: files without a name, gone with this process at the latest.

Each person has one at a time. It is that person's alone, whoever else knows its number.
"""

from __future__ import annotations

import errno
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import IO, Final

from backup_engine.errors import BadInput, Cancelled, NoSpace
from backup_engine.model import Watch
from equipment.store.access import Db, Who, require

__all__ = ["KEPT_SECONDS", "Kept", "drop", "find", "keep", "pieces"]

KEPT_SECONDS: Final = 3_600.0
PIECE: Final = 1 << 20

_kept: dict[str, Kept] = {}


@dataclass(frozen=True)
class Kept:
    """One file: its form as in ``list_export.FORMS``, its ``size`` in bytes, and until when, by the monotonic clock."""

    form: str
    account: str
    size: int
    until: float
    file: IO[bytes] = field(repr=False)
    number: str = field(default_factory=lambda: token_urlsafe(16))
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)


def keep(db: Db, who: Who, form: str, content: Iterable[bytes], watch: Watch) -> Kept:
    """Write the file, in place of this person's last one; what nobody fetched within ``KEPT_SECONDS`` goes as well.

    Raises ``PermissionDenied``, ``NoSpace`` when the folder for temporary files has no room, and ``Cancelled``.
    """
    account = require(db, who, "records.export").key
    for old in list(_kept.values()):
        if old.account == account or old.until < time.monotonic():
            drop(old.number)
    file = tempfile.TemporaryFile(prefix="export-")  # noqa: SIM115 - it is closed when it is dropped
    try:
        for piece in content:
            if watch.cancelled:
                raise Cancelled("no file was made")
            file.write(piece)
        file.flush()
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise NoSpace(f"the folder for temporary files, {tempfile.gettempdir()}, has no room for the file",
                          hint="Choose fewer records, or ask whoever runs the server to make room.") from error
        raise
    made = Kept(form, account, file.tell(), time.monotonic() + KEPT_SECONDS, file)
    _kept[made.number] = made
    return made


def find(db: Db, who: Who, number: str) -> Kept:
    """Give the file. Raises ``PermissionDenied``, and ``BadInput`` unless it is there and this person's."""
    account = require(db, who, "records.export").key
    made = _kept.get(number)
    if made is None or made.account != account or made.until < time.monotonic():
        raise BadInput("This file is no longer there.", hint="Make it again: Download in the line below the list.")
    return made


def pieces(made: Kept) -> Iterator[bytes]:
    """Give what it holds, also to several at once. Raises ``BadInput`` when it is dropped meanwhile."""
    at = 0
    while at < made.size:
        with made.turn:
            if made.file.closed:
                raise BadInput("The file was dropped while it was being sent.", hint="Make it again.")
            made.file.seek(at)
            piece = made.file.read(PIECE)
        at += len(piece)
        yield piece


def drop(number: str) -> None:
    """Forget a file; nothing when it is gone."""
    made = _kept.pop(number, None)
    if made is not None:
        with made.turn:
            made.file.close()
