"""How sets are stored here: plain, compressed, for a key, under a passphrase. The file names tell which it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from backup_engine.api import BackupSet, Workspace

__all__ = ["PASSPHRASE", "SEALED", "Keys", "for_set", "sealed"]

Keys = Mapping[str, str]
"""``public``, ``secret`` (age keys) and ``passphrase``."""

PLAIN = ""
PASSPHRASE = "under a passphrase"
SEALED = {"compressed": ".gz", "for a key": ".zst.age", PASSPHRASE: ".age"}
"""The suffix of the files by what the set is called in the report."""


def sealed(ws: Workspace, suffix: str, keys: Keys) -> Workspace:
    """Give the workspace that writes and reads files with that suffix. The class of seals has no public name."""
    options = {
        PLAIN: {},
        ".gz": {"compression": "gzip"},
        ".zst.age": {"compression": "zstd", "recipients": (keys["public"],), "identities": (keys["secret"],)},
        ".age": {"passphrase": keys["passphrase"]},
    }[suffix]
    return replace(ws, seal=replace(ws.seal, **options))


def for_set(ws: Workspace, backup: BackupSet, keys: Keys) -> Workspace:
    """Give the workspace that reads this set."""
    names = [part.file for part in backup.parts.values() if part.file]
    return sealed(ws, names[0].partition(".csv")[2] if names else PLAIN, keys)
