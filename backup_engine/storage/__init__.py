"""Places for backups. A new kind of place is one module here and one line in ``KINDS``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backup_engine.errors import BadInput
from backup_engine.storage.base import Storage
from backup_engine.storage.local import LocalStorage
from backup_engine.storage.memory import MemoryStorage
from backup_engine.storage.overlay import OverlayStorage

__all__ = ["KINDS", "LocalStorage", "MemoryStorage", "OverlayStorage", "Storage", "open_storage"]

KINDS: dict[str, Callable[[str], Storage]] = {
    "file": LocalStorage,
    "memory": lambda _: MemoryStorage(),
}
"""What stands before ``://`` in an address → how to open the rest.

Every kind goes through the conformance test, which opens it as ``kind://FOLDER`` with a new folder that is not there
yet. A kind for which that is no address has its own in that test: ``ADDRESSES``.
"""


def open_storage(address: str | Path, work: str | Path = "") -> Storage:
    """Open a folder by its path, or another place by its address. Raises ``BadInput`` for an unknown kind.

    With a ``work`` folder they are opened together, for as long as the first can only be read: ``OverlayStorage``.
    """
    if work:
        return OverlayStorage(open_storage(address), LocalStorage(work))
    kind, separator, rest = str(address).partition("://")
    if not separator:
        return LocalStorage(address)
    if kind not in KINDS:
        raise BadInput(f"no backups can be kept at {kind}://…; known: a folder, {', '.join(KINDS)}")
    return KINDS[kind](rest)
