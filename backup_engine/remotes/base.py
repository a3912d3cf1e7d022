"""What a place off this machine must be able to do.

A store knows keys (names with ``/`` in them) and bytes, nothing of what they mean. No call carries more than
``MAX_BYTES``, so that neither memory nor the time one request takes grows with a backup; larger files are kept in
pieces of their own. Every kind passes the same test, ``tests/backup_engine/remotes/conformance.py``, on a real server.

Errors are the engine's: ``RemoteFailed`` for what may pass by itself, ``RemoteRefused`` for what will not,
``BackupFileNotFound`` for a key that is not there. A kind tries once; trying again is ``patient``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backup_engine.errors import BadInput

__all__ = ["MAX_BYTES", "Store", "Stored", "check_key", "is_key", "plain"]

MAX_BYTES = 32 << 20
_KEY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Stored:
    """One object: its key, size in bytes, when it was written by the store's clock (aware), and its MD5 where the
    store tells one (hexadecimal; else empty)."""

    key: str
    size: int
    modified: datetime
    md5: str = ""


class Store(Protocol):
    """A place off this machine. Safe to share between threads."""

    def describe(self) -> str:
        """Where this is, for people: an address without secrets."""

    def weaknesses(self) -> tuple[str, ...]:
        """What is known about it without trying, in words for people."""

    def list(self, folder: str) -> Iterable[Stored]:
        """Every object whose key begins with ``folder/``, in any order; names that cannot be keys are left out."""

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write at most ``MAX_BYTES``. With ``create`` it is whole or not there at all, and one that is there already
        raises ``FileExistsError`` and stays; not every store can do that, see ``probe``."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Give bytes from ``start`` on, ``length`` of them or to the end."""

    def stat(self, key: str) -> Stored:
        """Describe one object. Raises ``BackupFileNotFound``."""

    def delete(self, key: str) -> None:
        """Remove one; nothing happens when it is gone."""

    def close(self) -> None:
        """Let go of connections; the next call opens them again."""


def check_key(key: str) -> str:
    """Give the key back if it is one: no ``..``, nothing hidden, plain letters. Raises ``BadInput``."""
    if len(key) > 512 or not _KEY.fullmatch(key):
        raise BadInput(f"{key!r:.80} cannot be the name of a remote object.")
    return key


def plain(text: str, length: int = 300) -> str:
    """Make what somebody else said fit for a terminal and a page: its first line, printable, without the brackets of
    Markdown's links and pictures."""
    line = text.strip().partition("\n")[0].translate({ord("["): "(", ord("]"): ")", ord("<"): "(", ord(">"): ")"})
    return "".join(sign if sign.isprintable() else " " for sign in line)[:length]


def is_key(key: str) -> bool:
    """Whether a name found in a store can be one of ours."""
    return len(key) <= 512 and _KEY.fullmatch(key) is not None
