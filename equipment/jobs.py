"""Long work in a thread owned by the process, so that it outlives the page that asked for it.

A rerun of the page ends its script thread at the next ``st.`` call, and a closed tab ends the session; a backup or a
restore must finish all the same. A page starts a job, polls it, may cancel it, and any later page finds its outcome.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backup_engine.api import BackupError, Progress, Watch
from equipment.logs import reference

log = logging.getLogger(__name__)

TELLING_SECONDS = 1.0
"""Of a phase: before that its rate is that of its first batch."""


@dataclass(frozen=True)
class Pace:
    """When a phase of the work began, and with how much of it done."""

    phase: str
    before: int = 0
    began: float = 0.0
    """By the monotonic clock."""

    def rate(self, progress: Progress, now: float) -> float | None:
        """Give how many are done a second; None in the first seconds, which tell nothing."""
        seconds, done = now - self.began, progress.done - self.before
        return done / seconds if progress.phase == self.phase and seconds >= TELLING_SECONDS and done > 0 else None

    def left(self, progress: Progress, now: float) -> float | None:
        """Give the seconds that this phase will still take; None where nobody can tell."""
        rate = self.rate(progress, now)
        return None if rate is None or progress.total is None else max(0, progress.total - progress.done) / rate


@dataclass
class Job:
    """One piece of work: what it is, how far it is, and how it ended."""

    kind: str
    title: str
    owner: str
    about: Any = None
    """What the work is for, in the words of whoever started it."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    progress: Progress = field(default_factory=lambda: Progress("Starting"))
    pace: Pace = field(default_factory=lambda: Pace("Starting"))
    result: Any = None
    error: BackupError | None = None
    finished: datetime | None = None
    done: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    hear: Callable[[Job], None] = lambda job: None
    """Called in the work's thread whenever it tells how far it is, and when it has ended."""

    @property
    def running(self) -> bool:
        """Whether the work still goes on."""
        return not self.done.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next safe point."""
        self.stop.set()

    def watch(self) -> Watch:
        """Give the work its line to this job."""
        return Watch(self._report, self.stop.is_set)

    def _report(self, progress: Progress) -> None:
        if progress.phase != self.pace.phase or progress.done < self.pace.before:
            self.pace = Pace(progress.phase, progress.done, time.monotonic())
        self.progress = progress
        self.hear(self)


class Jobs:
    """The process's jobs by kind: at most one running of each, the last one kept for whoever asks next."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def latest(self, kind: str) -> Job | None:
        """Give the running or last job of a kind."""
        return self._jobs.get(kind)

    def running(self) -> list[Job]:
        """Give those that run now."""
        return [job for job in list(self._jobs.values()) if job.running]

    def start(
        self, kind: str, title: str, owner: str, work: Callable[[Watch], Any], *, about: Any = None,
        hear: Callable[[Job], None] = lambda job: None,
    ) -> Job:
        """Start work of a kind, or give the job of that kind that runs already (a double click is one operation)."""
        with self._lock:
            current = self._jobs.get(kind)
            if current is not None and current.running:
                return current
            job = self._jobs[kind] = Job(kind, title, owner, about, hear=hear)
        run = (job, work, reference.current())
        threading.Thread(target=_run, args=run, name=f"job-{kind}", daemon=True).start()
        return job

    def clear(self, kind: str) -> None:
        """Forget a finished job, once its outcome has been read."""
        with self._lock:
            job = self._jobs.get(kind)
            if job is not None and not job.running:
                del self._jobs[kind]

    def wait_for(self, kind: str, seconds: float) -> bool:
        """Wait a moment for work of a kind; False when it still runs."""
        job = self._jobs.get(kind)
        return job is None or job.done.wait(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing runs; False when something still does after that many seconds."""
        return all(job.done.wait(seconds) for job in list(self._jobs.values()))


def _run(job: Job, work: Callable[[Watch], Any], asked: str) -> None:
    try:
        with reference.request(asked):  # that of the page which asked for it
            job.result = work(job.watch())
    except BackupError as error:
        job.error = error
    except Exception:  # the boundary of the thread: a fault that ended it in silence would leave the page waiting
        log.exception("job %s failed", job.kind)
        job.error = BackupError(f"unexpected fault in {job.title} (reference {asked})", hint="See the server log.")
    finally:
        job.finished = datetime.now(UTC)  # before done, for whoever waits for that
        job.done.set()
        job.hear(job)


def in_words(result: Any) -> str:
    """Give what came of a job in words, for the activity log."""
    if isinstance(result, Mapping):
        return " ".join(map(in_words, result.values()))
    if isinstance(result, list):
        return ", ".join(backup.label for backup in result)
    return str(getattr(result, "message", result))
