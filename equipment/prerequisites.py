"""What a program says before anything else: that Python is too old, or that a package is missing.

Only what Python 3.7 understands stands here and in what the programs do before they ask.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["explained"]

OLDEST = (3, 11)
EXIT_CODE = 2
ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def explained(program: bool) -> Iterator[None]:
    """Put what a program imports into this block: what is missing ends it in words, with exit code 2.

    ``program`` is whether it is one: who only imports a module gets the exception.
    """
    if not program:
        yield
        return
    if sys.version_info < OLDEST:
        running = ".".join(map(str, sys.version_info[:2]))
        _end(f"This needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and {sys.executable} is {running}.",
             "Debian 12 and Ubuntu 24.04 bring one; with it, follow “Start it” in README.md.")
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("equipment", "backup_engine", ""):
            raise
        _end(f"The package {package} is not installed for {sys.executable}.", _remedy())


def _end(problem: str, remedy: str) -> None:
    own = _own("python")
    if own.exists() and Path(sys.prefix).resolve() != own.parent.parent.resolve():
        remedy = f"Run it with {_shown(own)}."
    print(problem, remedy, sep="\n", file=sys.stderr)
    raise SystemExit(EXIT_CODE)


def _remedy() -> str:
    listed = ROOT / "requirements.txt"
    if not listed.exists():
        return "Install the program with all it needs: pip install '.[app]' in its sources."
    install = f"{_shown(_own('pip'))} install -r {_shown(listed)}"
    if _own("python").exists():
        return f"Install what is missing: {install}"
    python = "python" if os.name == "nt" else "python3"
    return (f"Install it: {python} -m venv {_shown(ROOT / '.venv')} && {install}\n"
            f"Then run it with {_shown(_own('python'))}.")


def _own(program: str) -> Path:
    """A program of the environment that README.md has people make."""
    return ROOT / ".venv" / (f"Scripts/{program}.exe" if os.name == "nt" else f"bin/{program}")


def _shown(path: Path) -> str:
    """As it is typed in the folder of the program, else whole."""
    return str(path.relative_to(ROOT)) if Path.cwd() == ROOT else str(path)
