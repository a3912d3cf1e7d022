"""The reference of a request: on every line of the log that belongs to it, and on the page when something failed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

__all__ = ["current", "forget", "known", "request"]


class _Now(NamedTuple):
    reference: str = ""
    inside: bool = False
    """Whether a ``request`` block is open, and not only a line of the log that wanted a reference."""


_NOWHERE = _Now()
_now: ContextVar[_Now] = ContextVar("reference", default=_NOWHERE)


@contextmanager
def request(reference: str = "") -> Iterator[str]:
    """Give what happens inside the block one reference: the given one, one that is there already, or a new one.

    A page run, an HTTP request, a job with the reference of whoever started it, a run of the command line. What a page
    did in a callback, before it is drawn, belongs to it. After an unforeseen exception the reference stays, for the
    line that tells of it.
    """
    before = _now.get()
    _now.set(_Now(reference or current(), True))
    try:
        yield known()
    except Exception:
        raise
    except BaseException:  # Streamlit's way to end a page
        _now.set(before if before.inside else _NOWHERE)
        raise
    else:
        _now.set(before if before.inside else _NOWHERE)


def known() -> str:
    """Give the reference of this request, or "" outside of any."""
    return _now.get().reference


def current() -> str:
    """Give the reference of this request; outside of any a new one, for the rest of this thread's work."""
    if not known():
        _now.set(_Now(secrets.token_hex(4).upper()))
    return known()


def forget() -> None:
    """Let what this thread does next be another request."""
    _now.set(_NOWHERE)
