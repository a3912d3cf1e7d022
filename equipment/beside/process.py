"""This side of work beside this process: start it, hand over what is asked, pass on what it tells, and end it."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Final

from pydantic import SecretStr
from pymongo import MongoClient

from backup_engine.errors import BackupError, Cancelled
from backup_engine.machine import children
from backup_engine.model import Progress, Watch
from equipment.logs import reference
from equipment.settings import Settings

__all__ = ["call", "send", "told", "works"]

NEEDED: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "KRB5_CONFIG", "KRB5CCNAME", "RUNTIME_DIRECTORY")
"""Of the environment, to reach the same database; its connection string comes with the request."""
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
        return _heard(process.stdin, process.stdout, watch, made)
    except (EOFError, pickle.UnpicklingError):
        raise ended(process.wait()) from None
    finally:
        _close(process)


def _heard(commands: IO[bytes], answers: IO[bytes], watch: Watch, made: Made) -> Any:
    while True:
        kind, what = pickle.load(answers)
        if kind == "progress":
            _pass_on(what, watch, commands)
        elif kind == "log":
            logging.getLogger(what["name"]).handle(logging.makeLogRecord(what))
        elif kind == "done":
            return made(what, iter(lambda: pickle.load(answers), None))
        else:
            raise what


def _pass_on(progress: Progress, watch: Watch, commands: IO[bytes]) -> None:
    if progress.final:  # nobody can stop it any more
        watch.tell(progress)
        return
    try:
        watch.step(progress.phase, progress.done, progress.total)
    except Cancelled:
        commands.close()  # again and again, if it takes a while: that does nothing


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
    """Write one thing for the other side."""
    pickle.dump(what, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()
