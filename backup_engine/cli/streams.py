"""Standard output and error as a command needs them: no terminal is a reason to fail."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

__all__ = ["make_fit"]


def make_fit() -> None:
    """Let a closed stream swallow what is written, and a narrow encoding write what it lacks in ASCII."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed before the start, as by ``>&-``
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as the process lives
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
