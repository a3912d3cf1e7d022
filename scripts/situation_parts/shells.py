"""What a shell, cron and a service manager give a process, and what they do not."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.situation_parts.ground import ROOT, USE, Ground
from scripts.situation_parts.judging import judged, page_drawn
from scripts.situation_parts.situation import FAILS, WORKS, NotHere, Outcome, Situation

SHELL, PYTHON = "environment", "Python"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def _use(begin: str = "", **environment: str) -> Callable[[Ground], Outcome]:
    return lambda ground: judged(ground.shell(begin + USE, **environment), ground)


def _like_cron(ground: Ground) -> Outcome:
    program = f"cd / && exec '{sys.executable}' '{ROOT}/backup_csv_for_db_restore.py' backup --force"
    own = {name: ground.options()[name] for name in ("EQUIPMENT_DATA_FOLDER", "BACKUP_FOLDER")}
    return judged(ground.shell(program, environment=own), ground)


def _without(*names: str) -> Callable[[Ground], Outcome]:
    def play(ground: Ground) -> Outcome:
        options = {name: text for name, text in ground.options().items() if name not in names}
        return judged(ground.shell(USE, environment=options), ground)

    return play


def _zone(ground: Ground) -> Outcome:
    outcome = page_drawn(ground, TZ="Asia/Kathmandu")
    consoles = "".join(path.read_text() for path in ground.folder.glob("console-*.log"))
    if outcome.result == WORKS and "+05:45 INFO" not in consoles:
        return Outcome(FAILS, "the log has another zone", outcome.seconds)
    return outcome


def _python(version: str, ground: Ground) -> Outcome:
    python = sys.executable
    if sys.version_info[:2] != tuple(map(int, version.split("."))):
        python = _installed(version, ground.folder / "venv")
    return judged(ground.shell(USE, PYTHON=python), ground)


def _installed(version: str, venv: Path) -> str:
    """Make an environment of that Python as the README does; raises ``NotHere`` where there is none."""
    home = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    others = sorted(glob.glob(f"{home}/versions/{version}.*/bin/python"))  # noqa: PTH207 - absolute pattern
    python = shutil.which(f"python{version}") if not others else others[-1]
    if python is None:
        raise NotHere(f"no Python {version} here")
    subprocess.run([python, "-m", "venv", str(venv)], check=True, capture_output=True)
    asked = subprocess.run([str(venv / "bin" / "pip"), "install", "-q", "-r", "requirements.txt"], cwd=ROOT,
                           capture_output=True, text=True, check=False)
    if asked.returncode:
        raise NotHere(f"pip could not install the requirements: {asked.stderr.strip().splitlines()[-1]}")
    return str(venv / "bin" / "python")


SITUATIONS = (
    Situation(SHELL, "cron: an empty environment (`env -i`), another folder", WORKS, _like_cron),
    Situation(SHELL, "`HOME`, `USER` and `LOGNAME` are not set", WORKS, _without("HOME", "USER", "LOGNAME")),
    Situation(SHELL, "`HOME` is a folder that is not there", WORKS, _use(HOME="/nowhere")),
    Situation(SHELL, "`LANG=C`", WORKS, _use(LANG="C", LC_ALL="C")),
    Situation(SHELL, "ASCII only (`PYTHONUTF8=0`, no coercion)", WORKS,
              _use(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")),
    Situation(SHELL, "umask 000", WORKS, _use("umask 000; ")),
    Situation(SHELL, "umask 077", WORKS, _use("umask 077; ")),
    Situation(SHELL, "a clock at +05:45 (the app; its log has the offset)", WORKS, _zone),
    *(Situation(PYTHON, f"Python {version}", WORKS, partial(_python, version), 600) for version in VERSIONS),
)
