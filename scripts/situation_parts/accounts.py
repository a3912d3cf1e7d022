"""Other accounts of the machine. Needs root, who can be anybody."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from scripts.situation_parts.ground import ROOT, USE, Ground
from scripts.situation_parts.judging import judged
from scripts.situation_parts.situation import SAYS, WORKS, NotHere, Outcome, Situation

KIND = "account"
OTHER = 65534  # nobody
AS_OTHER = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")


def _other(play: Callable[[Ground], Outcome]) -> Callable[[Ground], Outcome]:
    def run(ground: Ground) -> Outcome:
        if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("setpriv"):
            raise NotHere("only root can be another account")
        if not all(_open_to_all(place) for place in (ROOT, _program())):
            raise NotHere("this checkout or its Python lies where other accounts may not go")
        ground.folder.chmod(0o755)
        return play(ground)

    return run


def _open_to_all(place: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in place.resolve().parents)


def _program() -> Path:
    """A Python that every account may run: this one, or the system's of the same version."""
    system = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    return system if not _open_to_all(Path(sys.executable)) and system.exists() else Path(sys.executable)


def _as_other(ground: Ground) -> Outcome:
    packages = sysconfig.get_path("purelib")
    return judged(ground.shell(USE, before=AS_OTHER, HOME="/", PYTHON=str(_program()), PYTHONPATH=packages,
                               PYTHONDONTWRITEBYTECODE="1"), ground)


def _own(ground: Ground) -> Outcome:
    os.chown(ground.folder, OTHER, OTHER)
    return _as_other(ground)


def _root_in_anothers(ground: Ground) -> Outcome:
    first = _own(ground)
    return first if first.result != WORKS else judged(ground.shell(USE), ground)


def _another_in_roots(ground: Ground) -> Outcome:
    first = judged(ground.shell(USE), ground)
    return first if first.result != WORKS else _as_other(ground)


SITUATIONS = (
    Situation(KIND, "an ordinary account, its own folder, root's checkout", WORKS, _other(_own)),
    Situation(KIND, "root in the folder of another account", SAYS, _other(_root_in_anothers)),
    Situation(KIND, "another account in the folder of root", SAYS, _other(_another_in_roots)),
)
