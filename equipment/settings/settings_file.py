"""A file of options for lines that run elsewhere: by cron, systemd or the Task Scheduler, in an empty environment.

It is TOML with the names of the README's table, as in ``.streamlit/secrets.toml``. It holds the connection string with
its password, so it is written for its owner only, and one that others could read or write is refused.
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backup_engine.errors import BadInput, PermissionDenied
from backup_engine.machine import private

__all__ = ["NAME", "load", "write"]

NAME = "settings.toml"
OTHERS = 0o077
HEADER = "# Options for backup_csv_for_db_restore.py --settings. Written by the app; only its owner may read it.\n"
Scalar = str | int | float | bool


def load(path: Path) -> dict[str, Any]:
    """Give the options in the file.

    Raises ``BadInput`` when it is missing or no TOML, and when it belongs to or is open to others.
    """
    try:
        # NONBLOCK: a pipe laid there would keep the reader waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            _refuse_open(path, os.fstat(descriptor))
            return tomllib.loads(file.read().decode("utf-8-sig"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise BadInput(f"The settings file {path} cannot be read: {_why(error)}.",
                       hint="The app writes one under Backup & Restore, Auto Backup.") from None


def write(path: Path, options: Mapping[str, Scalar]) -> None:
    """Put the options into the file, at once or not at all, readable for its owner only.

    Raises ``PermissionDenied`` when that cannot be done.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    lines = [HEADER, *(f"{name} = {_toml(value)}\n" for name, value in options.items())]
    try:
        private.make_folder(path.parent)
        draft.unlink(missing_ok=True)
        with private.open_file(draft, "x", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise PermissionDenied(f"the settings file {path} cannot be written: {_why(error)}") from error


def _refuse_open(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{path} is no file.")
    if os.name == "nt":  # has neither owners' numbers nor these bits
        return
    if status.st_uid != os.geteuid():
        raise BadInput(f"The settings file {path} belongs to somebody else.",
                       hint="Run the command as its owner, or write a file of your own.")
    if status.st_mode & OTHERS:
        raise BadInput(f"The settings file {path} is open to others.", hint=f"chmod 600 {path}")


def _toml(value: Scalar) -> str:
    # A JSON string is a TOML one but for the character DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _why(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else f"it is no TOML in UTF-8 ({type(error).__name__})"
