"""How the server stops: within seconds, whoever is still connected and whatever does not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ANSWER_SECONDS", "BoundedAnswers", "side_by_side"]

log = logging.getLogger(__name__)
ANSWER_SECONDS: Final = 2
"""For an answer that is still being sent. A browser that had stopped reading one of a few megabytes, as on a machine
that sleeps, kept the server from stopping for as long as it liked."""


class BoundedAnswers:
    """Middleware that lets the server wait no longer than that for open answers when it stops.

    It is uvicorn's ``timeout_graceful_shutdown``, which Streamlit does not hand on and whose default is for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; what speaks for the life of the server knows its options."""
        if scope["type"] == "lifespan":
            options = getattr(getattr(receive, "__self__", None), "config", None)
            if options is not None and hasattr(options, "timeout_graceful_shutdown"):
                options.timeout_graceful_shutdown = options.timeout_graceful_shutdown or ANSWER_SECONDS
            else:
                log.info("another server than uvicorn: how long it waits for open answers is its own affair")
        await self.app(scope, receive, send)


def side_by_side(stops: Iterable[Callable[[], None]]) -> None:
    """Call all of them at once and wait for them: each may wait for a database that does not answer."""
    threads = [threading.Thread(target=_called, args=(stop,), name="stopping", daemon=True) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _called(stop: Callable[[], None]) -> None:
    try:
        stop()
    except Exception:  # the others have to be stopped all the same
        log.exception("stopping was not complete")
