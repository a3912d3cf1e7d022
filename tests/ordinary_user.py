"""Commands run as people and cron run them: by an account that is not root, in an empty environment, from elsewhere."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _becoming() -> tuple[str, ...]:
    """What stands before a command so that an ordinary account runs it; nothing where one runs the tests anyway.

    It may read what root may, no more: the code and its Python often lie in root's own folder.
    """
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return ()
    nobody = pwd.getpwnam("nobody")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    return (setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *reading, "--")


@contextmanager
def place() -> Iterator[Path]:
    """Give a new folder that belongs to that account. ``tmp_path`` lies in one that only root may enter."""
    folder = Path(tempfile.mkdtemp(prefix="eq-"))
    hand_over(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def hand_over(folder: Path) -> None:
    """Make that account the owner of a folder and of everything in it; links stay whose they are."""
    if _becoming():
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def as_user(command: Sequence[str | Path], *, folder: str | Path = "/", **options: Any) -> subprocess.Popen[str]:
    """Start a command in an empty environment, as ``env -i`` makes it; ``env`` in the options fills it."""
    options = {"env": {}, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*_becoming(), *map(str, command)], cwd=folder, text=True, umask=0o022, **options)


def run(command: Sequence[str | Path], *, folder: str | Path = "/", seconds: float = 120,
        **options: Any) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    with as_user(command, folder=folder, **options) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
