"""Reading that a scrape never waits for longer than a moment: what does not answer is told as it was heard last.

Each source is read in a thread of its own, at most one at a time, when somebody scrapes. A folder on a mount that
hangs, or a database that is away, holds up neither the answer nor the other sources.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.server.metrics.samples import Sample
from equipment.settings import Settings

__all__ = ["PATIENCE_SECONDS", "Source", "gathered"]

log = logging.getLogger(__name__)
PATIENCE_SECONDS: Final = 1.5
"""The database is asked for a second before it counts as away."""


@dataclass(frozen=True)
class _Heard:
    settings: Settings
    samples: tuple[Sample, ...]
    moment: float


class Source:
    """One thing that is read, and what it said last."""

    def __init__(
        self, name: str, read: Callable[[Settings], Iterable[Sample]], *, late: Sequence[Sample] = ()
    ) -> None:
        """``name`` is a value of a label: one of a few that stand in the code.

        ``late`` is what it means that it does not answer in time; it takes the place of what was heard last of this.
        """
        self.name = name
        self._read = read
        self._late = {(sample.name, sample.labels): sample for sample in late}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._heard: _Heard | None = None
        self._failed = False

    def ask(self, settings: Settings) -> None:
        """Begin to read, unless an earlier reading has not ended yet."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, args=(settings,), name=f"metrics-{self.name}",
                                                daemon=True)
                self._thread.start()

    def told(self, settings: Settings, until: float) -> list[Sample]:
        """Wait until then (``time.monotonic``) at most, and give what was heard, of now or last."""
        thread, heard = self._thread, None
        if thread is not None:
            thread.join(max(0.0, until - time.monotonic()))
        if self._heard is not None and self._heard.settings == settings:
            heard = self._heard
        fresh = thread is not None and not thread.is_alive() and heard is not None and not self._failed
        own = [Sample("source_up", fresh, (self.name,))]
        if heard is not None:
            own.append(Sample("source_age_seconds", time.monotonic() - heard.moment, (self.name,)))
        known = {(sample.name, sample.labels): sample for sample in (heard.samples if heard is not None else ())}
        return [*own, *(known if fresh else known | self._late).values()]

    def _run(self, settings: Settings) -> None:
        try:
            samples = tuple(self._read(settings))
        except (BackupError, PyMongoError, OSError) as problem:
            # once, and not with every scrape
            log.log(logging.DEBUG if self._failed else logging.WARNING, "/metrics tells of the %s what it heard last: "
                    "%s", self.name, problem if isinstance(problem, BackupError) else type(problem).__name__)
            self._failed = True
        except Exception:  # the boundary of the thread: the other sources are told all the same
            if not self._failed:
                log.exception("/metrics cannot read the %s", self.name)
            self._failed = True
        else:
            self._heard, self._failed = _Heard(settings, samples, time.monotonic()), False


def gathered(sources: Sequence[Source], settings: Settings, patience: float = PATIENCE_SECONDS) -> list[Sample]:
    """Read all of them at once, for so many seconds together."""
    until = time.monotonic() + patience
    for source in sources:
        source.ask(settings)
    return [sample for source in sources for sample in source.told(settings, until)]
