"""A store that tries again, proves what it wrote, and finds out what a lost reply meant.

What may pass by itself is tried up to five times, each pause twice as long and of random length, so that many
installations do not come back in step. A refusal (a wrong login, 403) is not tried again. Of an object that is there
although the call failed, size and bytes are compared: equal is success.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from backup_engine.errors import BackupFileNotFound, RemoteFailed, RemoteRefused
from backup_engine.remotes.base import MAX_BYTES, Store, Stored, check_key

__all__ = ["Patient"]

ATTEMPTS = 5
FIRST_PAUSE = 0.5
Answer = TypeVar("Answer")


class Patient:
    """Wraps a store of any kind; itself one."""

    def __init__(
        self, store: Store, *, attempts: int = ATTEMPTS, pause: Callable[[float], object] = time.sleep
    ) -> None:
        """``pause`` waits that many seconds, and may raise to stop."""
        self.store = store
        self.attempts = attempts
        self._pause = pause

    def describe(self) -> str:
        """As the store."""
        return self.store.describe()

    def weaknesses(self) -> tuple[str, ...]:
        """As the store."""
        return self.store.weaknesses()

    def list(self, folder: str) -> Iterable[Stored]:
        """List; a listing that breaks off begins again, so it is read whole before it is given."""
        return self._again(lambda: [*self.store.list(folder)])

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write, and go on only when the store holds exactly these bytes."""
        check_key(key)
        if len(data) > MAX_BYTES:
            raise RemoteFailed(f"{key} is larger than one request may be")
        self._again(lambda: self._put(key, data, create))

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read; fewer bytes than asked for are a fault of the connection unless the object ends there."""
        return self._again(lambda: self.store.read(check_key(key), start, length))

    def stat(self, key: str) -> Stored:
        """Describe."""
        return self._again(lambda: self.store.stat(check_key(key)))

    def delete(self, key: str) -> None:
        """Remove."""
        self._again(lambda: self.store.delete(check_key(key)))

    def close(self) -> None:
        """As the store."""
        self.store.close()

    def holds(self, key: str, data: bytes) -> bool:
        """Whether the object is exactly these bytes: by the store's MD5 where it tells one, else by reading back."""
        stored = self.store.stat(key)
        if stored.size != len(data):
            return False
        if stored.md5 and stored.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return True
        return hashlib.sha256(self.store.read(key)).digest() == hashlib.sha256(data).digest()

    def _put(self, key: str, data: bytes, create: bool) -> None:
        try:
            self.store.put(key, data, create=create)
        except FileExistsError:
            if not self._read_back(key, data):  # else it is ours: the reply to an earlier attempt was lost
                raise
            return
        except RemoteRefused:
            raise
        except RemoteFailed as problem:
            if self._arrived(key, data):
                return
            raise problem
        if not self._read_back(key, data):
            raise RemoteFailed(f"{key} reads back other than it was sent")

    def _read_back(self, key: str, data: bytes) -> bool:
        """As ``holds``; what is gone again is a failure that may pass: another writer replaces it at this moment."""
        try:
            return self.holds(key, data)
        except BackupFileNotFound as gone:
            raise RemoteFailed(f"{key} was not there when it was read back") from gone

    def _arrived(self, key: str, data: bytes) -> bool:
        try:
            return self.holds(key, data)
        except (RemoteFailed, BackupFileNotFound):
            return False

    def _again(self, run: Callable[[], Answer]) -> Answer:
        for attempt in range(1, self.attempts):
            try:
                return run()
            except RemoteFailed as problem:
                if type(problem) is not RemoteFailed:  # refused, not confirmed by anybody, or somebody else's
                    raise
                # full jitter: from nothing to twice the pause before
                self._pause(random.uniform(0, FIRST_PAUSE * 2**attempt))
        return run()
