"""A place within another one: what lies there under a prefix, as a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backup_engine.remotes.base import Store, Stored, check_key

__all__ = ["InsideStore"]


class InsideStore:
    """Wraps a store of any kind; itself one. Keys are those below ``folder/``."""

    def __init__(self, store: Store, folder: str) -> None:
        """Raises ``BadInput`` for a folder that cannot be part of a key."""
        self.store = store
        self._before = f"{check_key(folder)}/"

    def describe(self) -> str:
        """Name the store and the folder in it."""
        return f"{self._before} in {self.store.describe()}"

    def weaknesses(self) -> tuple[str, ...]:
        """As the store."""
        return self.store.weaknesses()

    def list(self, folder: str) -> Iterator[Stored]:
        """List below the folder."""
        for stored in self.store.list(f"{self._before}{folder}".rstrip("/")):
            yield replace(stored, key=stored.key.removeprefix(self._before))

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write."""
        self.store.put(self._before + key, data, create=create)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read."""
        return self.store.read(self._before + key, start, length)

    def stat(self, key: str) -> Stored:
        """Describe one object."""
        stored = self.store.stat(self._before + key)
        return replace(stored, key=stored.key.removeprefix(self._before))

    def delete(self, key: str) -> None:
        """Remove."""
        self.store.delete(self._before + key)

    def close(self) -> None:
        """As the store."""
        self.store.close()
