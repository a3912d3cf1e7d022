"""A data folder and a backup folder that both versions use in turn, and the end of everything that runs over them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scripts.upgrade_parts.steps import Step

__all__ = ["Installation"]

OURS = ("MONGODB_", "EQUIPMENT_", "BACKUP_", "STREAMLIT_", "PYTHON", "PYTEST")
STOP_SECONDS = 60.0
LAST_WORDS = 600


class Installation:
    """An empty installation under ``folder``, whose programs are run from one checkout or the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_folder = folder / "data"
        folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.environment = kept | {
            "EQUIPMENT_DATA_FOLDER": str(self.data_folder), "BACKUP_FOLDER": str(folder / "backups"),
            "PYTHONUNBUFFERED": "1", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        }
        self._checkout: Path | None = None

    @property
    def record(self) -> dict[str, Any]:
        """What the last version that wrote noted; empty when it did not get that far."""
        file = self.folder / "record.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def turn(self, checkout: Path, turn: str, name: str, tell: Callable[[Step], object]) -> None:
        """Let one version ``make`` or ``take``; the server ends with it, so that the next version starts its own."""
        self._checkout = checkout
        command = [sys.executable, "-m", "scripts.upgrade_parts.side", turn, name, str(self.folder)]
        complaints = self.folder / "complaints"
        with complaints.open("w") as errors, self._started(command, checkout, errors) as process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith('{"name"'):
                        tell(Step(**json.loads(line)))
                code = process.wait()
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # it may have programs of its own running
        if code != 0:
            tell(Step(f"{turn}: the program ended with {code}", complaints.read_text()[-LAST_WORDS:].strip()))
        self.stop_server()

    def stop_server(self) -> None:
        """Stop the server of the data folder, as its last user would; by its process id when that fails."""
        if self._server() is None or self._checkout is None:
            return
        # Every command of ``equipment`` joins the server and, being the last one to leave, stops it.
        with suppress(subprocess.TimeoutExpired):
            command = [sys.executable, "-m", "equipment", "user", "list"]
            subprocess.run(command, cwd=self._checkout, env=self.environment, capture_output=True,
                           timeout=STOP_SECONDS, check=False)
        server = self._server()
        if server is not None:
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self._server() is not None and time.monotonic() < deadline:
                time.sleep(0.05)

    def _started(self, command: list[str], checkout: Path, errors: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=checkout, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=errors, start_new_session=True)

    def _server(self) -> int | None:
        """Process id of the running server; MongoDB empties its lock file when it stops."""
        for lock in self.data_folder.rglob("mongod.lock"):
            text = lock.read_text().strip()
            if text.isdigit():
                return int(text)
        return None
