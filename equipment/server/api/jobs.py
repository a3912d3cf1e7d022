"""Work that goes on after its request was answered, under a number to ask for it."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from equipment.jobs import Job

__all__ = ["KEPT", "find", "number_of"]

KEPT: Final = 100
"""Jobs of this process that can be asked for; the oldest that has ended goes first."""
_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def number_of(job: Job) -> str:
    """Give the number of a job, the same one for the same job."""
    with _lock:
        for number, known in _jobs.items():
            if known is job:
                return number
        number = secrets.token_hex(8)
        _jobs[number] = job
        for old in [old for old, known in _jobs.items() if not known.running][: max(0, len(_jobs) - KEPT)]:
            del _jobs[old]
        return number


def find(number: str) -> Job | None:
    """Give the job of a number; None when this process has none (any more)."""
    return _jobs.get(number)
