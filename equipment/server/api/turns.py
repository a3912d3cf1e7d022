"""How much programs may have at the same time and in a row, so that pages stay as quick as without them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from equipment.server.api.problems import Problem
from equipment.server.gate.pace import Paces

__all__ = ["PER_ADDRESS", "PER_TOKEN", "QUEUE", "THREADS", "Turns"]

THREADS: Final = 4
"""Requests that are worked on at the same time."""
QUEUE: Final = 32
"""Requests that wait for one of those; more are told to come back."""
PER_TOKEN: Final = (100, 20)
"""Requests at once, and a second from then on."""
PER_ADDRESS: Final = (300, 60)
"""The same for an address, with or without a token. A proxy may make one of all."""

UPLOADS: Final = 4
"""Files that come in at the same time: each lies in memory or on the disk until it is kept."""

T = TypeVar("T")


class Turns:
    """The bounds of one server. Only its loop changes what is counted, so that it needs no lock."""

    def __init__(self, per_token: tuple[float, float] = PER_TOKEN, per_address: tuple[float, float] = PER_ADDRESS,
                 threads: int = THREADS, queue: int = QUEUE) -> None:
        self._tokens, self._addresses = Paces(*per_token), Paces(*per_address)
        self._threads, self._queue = threads, queue
        self._limiter: CapacityLimiter | None = None
        self._waiting = 0
        self._coming = 0

    @contextmanager
    def upload(self) -> Iterator[None]:
        """Have a file come in. Raises a ``Problem`` of 503 when too many do."""
        if self._coming >= UPLOADS:
            raise _busy("files")
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def of_address(self, address: str) -> None:
        """Take a turn of an address. Raises a ``Problem`` of 429."""
        _refuse(self._addresses.ask(address), "from this address")

    def of_token(self, session: str) -> None:
        """Take a turn of a token. Raises a ``Problem`` of 429."""
        _refuse(self._tokens.ask(session), "with this token")

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in one of the threads. Raises a ``Problem`` of 503 when too many wait already, and what it raises."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(self._threads)  # belongs to the loop that is there now
        if self._waiting >= self._threads + self._queue:
            raise _busy("requests")
        self._waiting += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._waiting -= 1


def _busy(what: str) -> Problem:
    return Problem(503, "TooBusy", f"Too many {what} of programs wait already.", hint="Ask again later.",
                   headers={"Retry-After": "1"})


def _refuse(seconds: float, whose: str) -> None:
    if seconds:
        raise Problem(429, "TooManyRequests", f"There were too many requests {whose}.",
                      hint="Wait as long as Retry-After says.", headers={"Retry-After": str(math.ceil(seconds))})
