"""An empty installation for one situation: its folder, its options, and the product run over them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.running_app import ROOT, mongods

__all__ = ["ROOT", "USE", "Ended", "Ground"]

USE = '"$PYTHON" backup_csv_for_db_restore.py backup --force && exec "$PYTHON" test_backup_system.py'
"""A backup by the command line, then the diagnosis, which makes and restores another one."""
OURS = ("MONGODB_", "EQUIPMENT_", "BACKUP_", "STREAMLIT_", "PYTHON", "PYTEST", "COV")
PATIENCE = 300


@dataclass(frozen=True)
class Ended:
    """How a command ended: its code, what it said on both streams, and after how many seconds."""

    code: int
    said: str
    seconds: float


@dataclass
class Ground:
    """A folder of its own below the temporary one; ``clear`` leaves no server over it."""

    folder: Path
    data: Path = field(init=False)
    backups: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data, self.backups = self.folder / "data", self.folder / "backups"

    def options(self, **more: str) -> dict[str, str]:
        """Give the environment of this installation, without what a developer has set for another one."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
        return {**kept, "EQUIPMENT_DATA_FOLDER": str(self.data), "BACKUP_FOLDER": str(self.backups),
                "PYTHON": sys.executable, **more}

    def shell(
        self, script: str, *, before: Sequence[str] = (), root: Path = ROOT, environment: dict[str, str] | None = None,
        **more: str,
    ) -> Ended:
        """Run lines of the shell in the checkout, where ``$PYTHON`` is the Python; ``before`` stands before that."""
        started = time.monotonic()
        options = self.options(**more) if environment is None else environment
        with subprocess.Popen([*before, "/bin/sh", "-c", script], cwd=root, env=options, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                said, _ = process.communicate()
                said += b"\nkilled: it took too long"
        return Ended(process.returncode, said.decode("utf-8", "backslashreplace"), time.monotonic() - started)

    def clear(self) -> None:
        """End whatever server is left over."""
        for folder in {self.data, *(path.parent for path in self.folder.rglob("mongod.log"))}:
            for pid in mongods(folder):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
