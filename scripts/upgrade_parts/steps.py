"""One step of the check: it went well, or these are the words of what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Step", "Steps", "Wrong", "require"]


class Wrong(Exception):
    """Something is not as it has to be; the message says what."""


@dataclass(frozen=True)
class Step:
    """What became of a step; without ``words`` it went well."""

    name: str
    words: str = ""


class Steps:
    """Tells of every step as soon as it is over. A step that fails does not keep the next one from being tried."""

    def __init__(self, tell: Callable[[Step], object]) -> None:
        self._tell = tell

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Try the block."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            said = str(error) or "no words"
            self._tell(Step(name, said if isinstance(error, Wrong) else f"{type(error).__name__}: {said}"))
        else:
            self._tell(Step(name))


def require(holds: object, words: str) -> None:
    """Raise ``Wrong`` with these words unless it holds."""
    if not holds:
        raise Wrong(words)
