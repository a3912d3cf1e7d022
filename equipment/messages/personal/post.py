"""Mails to single people, written and sent behind the page, so that no answer of a page depends on one.

What waits is in the memory of this process only: a link is a secret, of which nothing but a digest is stored. Who gets
none because the server was stopped meanwhile asks again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.domain.mail_address import is_mail_address
from equipment.messages.channels import mailer
from equipment.messages.deadline import Talks
from equipment.messages.wording import Message
from equipment.settings import Settings

__all__ = ["MOST_WAITING", "Letter", "Post", "running", "start", "stop"]

log = logging.getLogger(__name__)
MOST_WAITING: Final = 100
PAUSES: Final = (60.0, 300.0)
"""Seconds before the second try, and before the third, which is the last: a link would be half over."""


@dataclass(frozen=True)
class Letter:
    """One mail to one person."""

    to: str
    message: Message


Write = Callable[[], Sequence[Letter]]
"""Looks up who is to be told what; called behind the page."""


@dataclass(frozen=True)
class _Job:
    write: Write
    due: float
    tries: int = 0


class Post:
    """The mails of one process to single people."""

    def __init__(
        self, settings: Settings, *, address: str = "", silent: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic, talks: Talks | None = None,
    ) -> None:
        """``address`` is where people reach the app, empty when nobody said; while ``silent`` nothing is sent."""
        self.address = address
        self._silent = silent
        self._clock = clock
        self._talks = talks or Talks()
        self._send = mailer(settings)
        self._jobs: list[_Job] = []
        self._came = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def sends_links(self) -> bool:
        """Whether somebody who forgot the password can be sent a link: never by a copy that stands by."""
        return bool(self.address) and not self._silent()

    def hand_over(self, write: Write) -> bool:
        """Take a mail to write; False when too many wait. Takes the same time whoever it is for."""
        with self._came:
            if len(self._jobs) >= MOST_WAITING:
                return False
            self._jobs.append(_Job(write, self._clock()))
            self._came.notify()
        return True

    def tick(self) -> float | None:
        """Do all that is due; gives in how many seconds something is due again, None when nothing waits."""
        while True:
            with self._came:
                job = min(self._jobs, key=lambda each: each.due, default=None)
                if job is None or self._stopped:
                    return None
                if job.due > self._clock():
                    return job.due - self._clock()
                self._jobs.remove(job)
            self._do(job)

    def start(self) -> None:
        """Send from now on."""
        self._thread = threading.Thread(target=self._run, name="personal-mails", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """End it; what waits is dropped."""
        with self._came:
            self._stopped = True
            self._came.notify()
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None

    def _run(self) -> None:
        while True:
            wait = self.tick()
            with self._came:
                if self._stopped:
                    return
                if wait is not None or not self._jobs:
                    self._came.wait(wait)

    def _do(self, job: _Job) -> None:
        if self._silent():
            return
        try:
            letters = job.write()
        except (BackupError, PyMongoError) as problem:
            self._later(job, type(problem).__name__)
            return
        except Exception:  # the boundary of the thread: the mails of others must still be sent
            log.exception("a mail about an account could not be written")
            return
        left, why = list[Letter](), ""
        for letter in letters:
            if not is_mail_address(letter.to):  # stored by a version that took others
                log.warning("a mail about an account was not sent: its e-mail is no address for mails")
            elif words := self._sent(letter):
                left, why = [*left, letter], words
        if left:
            self._later(replace(job, write=lambda: left), why)

    def _sent(self, letter: Letter) -> str:
        work = {"personal": partial(self._send, [letter.to], letter.message)}
        return str(self._talks.all(work, lambda words: words)["personal"])

    def _later(self, job: _Job, problem: str) -> None:
        again = job.tries < len(PAUSES)
        log.warning("a mail about an account was not sent%s: %s", "" if again else " and is given up", problem)
        if again:
            with self._came:
                self._jobs.append(replace(job, due=self._clock() + PAUSES[job.tries], tries=job.tries + 1))


_running: list[Post] = []


def start(settings: Settings, *, address: str, silent: Callable[[], bool]) -> None:
    """Begin in this process, if the installation has a mail server."""
    if settings.smtp_url:
        _running.append(Post(settings, address=address, silent=silent))
        _running[-1].start()


def stop() -> None:
    """End it."""
    while _running:
        _running.pop().stop()


def running() -> Post | None:
    """The one of this process, if there is one."""
    return _running[-1] if _running else None
