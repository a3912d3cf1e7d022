"""The environment of programs that are started here: what they need to run, and no secret of this one's.

Connection strings, passwords and tokens stand in the environment of the application. A program it starts is told by
its arguments and pipes what it is to do; whoever reads ``/proc/PID/environ`` of one, or a core of it, finds none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["ABOVE_THE_PACKAGES", "of_program", "of_python"]

ABOVE_THE_PACKAGES: Final = Path(__file__).resolve().parents[2]
"""Where children of ours import from, and their working folder."""
_PLAIN: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
    "SYSTEMROOT", "SYSTEMDRIVE",  # without these two Windows starts nothing
)
_OF_PYTHON: Final = (
    "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "PYTHONWARNINGS", "VIRTUAL_ENV")


def of_program() -> dict[str, str]:
    """Give what any program needs: where programs, its libraries and temporary files are, language and time zone."""
    return {name: os.environ[name] for name in _PLAIN if name in os.environ}


def of_python(*further: str) -> dict[str, str]:
    """Give what a Python of ours needs to import this code; ``further`` are options that this one has to know."""
    paths = [str(ABOVE_THE_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: os.environ[name] for name in (*_OF_PYTHON, *further) if name in os.environ}
    return {**of_program(), **kept, "PYTHONPATH": os.pathsep.join(paths)}
