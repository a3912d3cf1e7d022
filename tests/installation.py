"""An installation over the embedded MongoDB, in this process, until the block ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from equipment import backups
from equipment.server import database
from equipment.settings import Settings, use
from tests.server.running_app import mongods


@contextmanager
def installed(settings: Settings) -> Iterator[Settings]:
    """Let these settings count; afterwards nothing of them is open, and no MongoDB runs."""
    try:
        with use(settings):
            yield settings
    finally:
        backups.stop()
        database.close()
        for pid in mongods(settings.data_folder):
            os.kill(pid, signal.SIGKILL)
