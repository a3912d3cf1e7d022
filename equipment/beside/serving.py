"""The other side of work beside a process: be that process, until the work is done or nobody waits for it any more."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from backup_engine.errors import BackupError
from backup_engine.model import Progress, Watch
from equipment.beside.process import send
from equipment.logs import reference

__all__ = ["InPieces", "serve"]

NICE: Final = 10
"""Pages and the database come first. On an idle machine it makes no difference."""
RARELY: Final = (200_000, 20, 100)
"""Of Python's garbage collection; usually 700, 10, 10."""


@dataclass(frozen=True)
class InPieces:
    """An answer that is long: what it is, and its parts."""

    about: Any
    pieces: Iterator[Any]


def serve(take: Callable[[Any, Iterator[Any]], Any], do: Callable[[Any, Any, Watch], Any]) -> None:
    """Do one piece of work and end: ``take`` reads the pieces that follow the request, ``do`` gives the answer.

    The request comes by standard input. When that ends, nobody waits any more, and the work stops at its next safe
    point, as at SIGTERM; past the point of no return it is finished.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if hasattr(os, "nice"):  # Windows has no such thing
        os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints, prints to the log
    # What stays is looked through again and again: 5 % of the time. Little is given up that only a collection finds.
    gc.freeze()
    gc.set_threshold(*RARELY)
    commands = sys.stdin.buffer
    line = _Line(answers, stop)
    line.begin()
    asked, request = pickle.load(commands)
    with reference.request(asked):
        try:
            given = take(request, iter(lambda: pickle.load(commands), None))
            threading.Thread(target=_listen, args=(commands, stop), name="listening", daemon=True).start()
            line.answer(do(request, given, Watch(line.progress, stop.is_set)))
        except BackupError as error:
            line.tell("error", error)


def _listen(commands: IO[bytes], stop: threading.Event) -> None:
    # Until the other side closes it, or is gone. Not through the object: its lock would be in the way of the end.
    while os.read(commands.fileno(), 1):
        pass
    stop.set()


class _Line(logging.Handler):
    """Tells the process that waits what there is to tell; the log goes there, too."""

    def __init__(self, answers: IO[bytes], stop: threading.Event) -> None:
        super().__init__()
        self._answers, self._stop = answers, stop
        self._telling = threading.Lock()

    def begin(self) -> None:
        """Take everything that is logged here."""
        root = logging.getLogger()
        root.addHandler(self)
        root.setLevel(logging.INFO)

    def tell(self, kind: str, what: Any, pieces: Iterator[Any] | None = None) -> None:
        """Say it, unless nobody hears it any more: what cannot be stopped goes on all the same."""
        with self._telling:
            try:
                send(self._answers, (kind, what))
                for piece in pieces or ():
                    send(self._answers, piece)
                if pieces is not None:
                    send(self._answers, None)
            except BrokenPipeError:
                self._stop.set()

    def progress(self, progress: Progress) -> None:
        """Say how far the work is."""
        self.tell("progress", progress)

    def answer(self, done: Any) -> None:
        """Say what came of it."""
        if isinstance(done, InPieces):
            self.tell("done", done.about, done.pieces)
        else:
            self.tell("done", done, iter(()))

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record with its words made."""
        parts = {name: value for name, value in vars(record).items() if name not in ("args", "exc_info", "msg")}
        words = record.getMessage() + (f": {record.exc_info[1]!r}" if record.exc_info else "")
        self.tell("log", {**parts, "msg": words, "args": None, "exc_info": None})
