"""The dead-man switch: an address elsewhere is told that a backup begins, and how it ended; it tells people when
nothing comes any more. In the style of healthchecks.io: ``URL/start``, ``URL``, ``URL/fail``.

Pings go out from a thread of their own, in their order, and a backup never waits for them.
"""

from __future__ import annotations

import logging
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

from equipment.messages.wording import in_one_line

__all__ = ["DeadMan", "Pinged", "ping", "reach"]

log = logging.getLogger(__name__)
What = Literal["start", "success", "fail"]
SECONDS: Final = 10.0
TRIES: Final = 3
PAUSE_SECONDS: Final = 5.0
MOST_WAITING: Final = 20
SUFFIXES: Final[dict[What, str]] = {"start": "/start", "success": "", "fail": "/fail"}


@dataclass(frozen=True)
class Pinged:
    """The last ping."""

    what: What
    when: datetime
    problem: str = ""


class DeadMan:
    """Pings one address."""

    def __init__(
        self, url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), pause: float = PAUSE_SECONDS
    ) -> None:
        self._url = url
        self._clock = clock
        self._pause = pause
        self._waiting: queue.Queue[What | None] = queue.Queue(MOST_WAITING)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.last: Pinged | None = None

    def tell(self, what: What) -> None:
        """Let the address know; returns at once. While it cannot be reached for long the newest are left out."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dead-man", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(what)
        except queue.Full:
            log.warning("the dead-man URL is not told of a %s: %s earlier pings wait", what, MOST_WAITING)

    def stop(self, seconds: float = 5) -> None:
        """Send what waits, for so many seconds at most, and end."""
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            self._stop.set()
        self._thread.join(seconds)
        self._stop.set()
        self._thread = None

    def _run(self) -> None:
        while not self._stop.is_set() and (what := self._waiting.get()) is not None:
            for number in range(TRIES):
                if number and self._stop.wait(self._pause):
                    return
                self.last = Pinged(what, self._clock(), ping(self._url, what))
                if not self.last.problem:
                    break
            else:
                log.warning("the dead-man URL was not told of a %s: %s", what, self.last.problem if self.last else "")


def ping(url: str, what: What, seconds: float = SECONDS) -> str:
    """Ask the address that means it, once; gives why that failed in words, nothing when it did not."""
    split = urlsplit(url)
    asked = urlunsplit(split._replace(path=split.path.rstrip("/") + SUFFIXES[what]))
    return _asked(lambda: urllib.request.Request(asked, headers={"User-Agent": "equipment"}), seconds)


def reach(url: str, seconds: float = SECONDS) -> str:
    """Try whether the server behind the address answers at all, without telling it anything: its root is asked for."""
    split = urlsplit(url)
    root = urlunsplit(split._replace(path="/", query="", fragment=""))
    problem = _asked(lambda: urllib.request.Request(root, method="HEAD", headers={"User-Agent": "equipment"}), seconds)
    return "" if problem.startswith(ANSWERED) else problem


ANSWERED = "the server answered "


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection could lead to a page that says yes to everything, or to plain http."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        """Follow none."""
        return


_opener = urllib.request.build_opener(_NoRedirect)


def _asked(request: Callable[[], urllib.request.Request], seconds: float) -> str:
    try:
        with _opener.open(request(), timeout=seconds) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as problem:
        problem.close()
        return f"{ANSWERED}{problem.code}"
    except urllib.error.URLError as problem:
        reason = problem.reason
        words = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
        return f"it cannot be reached: {in_one_line(words, 200)}"
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, HTTPException, ValueError) as problem:
        return f"it cannot be reached: {type(problem).__name__}"
    return ""
