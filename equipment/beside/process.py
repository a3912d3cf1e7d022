"""This side of work beside this process: start it, hand over what is asked, pass on what it tells, and end it."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from pydantic import SecretStr
from pymongo import MongoClient

from backup_engine.errors import BackupError
from backup_engine.machine import children
from backup_engine.model import Watch
from equipment.logs import reference
from equipment.settings import Settings

__all__ = ["call", "send", "told", "works"]

NEEDED: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "KRB5_CONFIG", "KRB5CCNAME", "RUNTIME_DIRECTORY")
"""Of the environment, to reach the same database; its connection string comes with the request."""
HEED_SECONDS: Final = 0.1
Made = Callable[[Any, Iterator[Any]], Any]


def works(client: object) -> bool:
    """Whether work can be done beside this process: the demonstration's list is in it, and Windows forks nothing."""
    return isinstance(client, MongoClient) and hasattr(os, "fork")


def told(settings: Settings) -> Settings:
    """Leave out every secret but the way to the database."""
    secrets = {name: None for name in Settings.model_fields
               if name != "mongodb_uri" and isinstance(getattr(settings, name), SecretStr)}
    return settings.model_copy(update=secrets)


def call(
    program: str, request: Any, pieces: Iterable[Any] = (), *, watch: Watch, ended: Callable[[int], BackupError],
    made: Made = lambda about, _: about,
) -> Any:
    """Have ``program`` do what is asked, see ``serving``, and wait for it.

    ``pieces`` follow the request, ``made`` puts together an answer that comes in pieces. Raises what the work raises,
    and what ``ended`` makes of the exit code of a process that ended before its work was done.
    """
    watch.step("Starting")
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=children.ABOVE_THE_PACKAGES, env=children.of_python(*NEEDED),
                               start_new_session=True)  # Ctrl-C in a terminal is this process's to hear
    assert process.stdin is not None and process.stdout is not None
    try:
        try:
            send(process.stdin, (reference.current(), request))
            for piece in pieces:
                send(process.stdin, piece)
            send(process.stdin, None)
        except BrokenPipeError:  # it says why, or its end does
            pass
        with _heeding(watch, process.stdin):
            return _heard(process.stdout, watch, made)
    except (EOFError, pickle.UnpicklingError):
        raise ended(process.wait()) from None
    finally:
        _close(process)


@contextmanager
def _heeding(watch: Watch, commands: IO[bytes]) -> Iterator[None]:
    """Pass on that it is to stop as soon as somebody asks for that: the work may be long at one step."""
    over = threading.Event()

    def heed() -> None:
        while not over.wait(HEED_SECONDS):
            if watch.cancelled:
                commands.close()
                return

    heeding = threading.Thread(target=heed, name="heeding", daemon=True)
    heeding.start()
    try:
        yield
    finally:
        over.set()
        heeding.join()


def _heard(answers: IO[bytes], watch: Watch, made: Made) -> Any:
    while True:
        kind, what = pickle.load(answers)
        if kind == "progress":
            watch.tell(what)
        elif kind == "log":
            logging.getLogger(what["name"]).handle(logging.makeLogRecord(what))
        elif kind == "done":
            return made(what, iter(lambda: pickle.load(answers), None))
        else:
            raise what


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let it stop at its next safe point; a transaction that is cut off is taken back by the server."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    process.wait()


def send(pipe: IO[bytes], what: Any) -> None:
    """Write one thing for the other side: whole, or nothing of what cannot be sent."""
    pipe.write(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
    pipe.flush()
