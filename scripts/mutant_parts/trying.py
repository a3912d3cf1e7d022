"""One mutant after the other in a copy of the checkout: the tests are run until one fails."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from scripts.mutant_parts import choosing
from scripts.mutant_parts.finding import Mutant

__all__ = ["copy_of", "passing", "try_out"]

STEP_SECONDS: Final = 900
"""A step that takes longer has not caught anything; the slowest, all screens and the server, takes about 400."""
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "restore_data_to_db")


def copy_of(root: Path, place: Path) -> Path:
    """Copy the checkout, so that nobody who works in it meets a mutant."""
    shutil.copytree(root, place, ignore=_LEFT_OUT)
    (place / "restore_data_to_db").mkdir()
    return place


def try_out(mutant: Mutant, copy: Path, steps: int) -> dict[str, Any]:
    """Break one thing in the copy, ask the tests from near to far, and mend it. Give the line of the report."""
    file, began = copy / mutant.path, time.monotonic()
    whole = file.read_text("utf-8")
    file.write_text(mutant.source, "utf-8")
    try:
        caught, asked = None, 0
        for step in choosing.near_to_far(mutant.path, copy)[:steps]:
            asked += len(step)
            if step and (caught := _first_failure(step, copy)):
                break
    finally:
        file.write_text(whole, "utf-8")
    return {"mutant": mutant.name, "kind": mutant.kind, "line": mutant.line, "caught_by": caught, "test_files": asked,
            "steps": steps, "seconds": round(time.monotonic() - began, 1)}


def passing(tests: list[str], copy: Path) -> list[str]:
    """Give those that fail though nothing is broken: what they caught was not caught."""
    return _FAILED.findall(_pytest(tests, copy, "-rfE", "-n", "2")) if tests else []


def _first_failure(tests: list[str], copy: Path) -> str | None:
    few = ["-n", "0"] if len(tests) < 4 else ["-n", "2"]
    found = _FAILED.search(_pytest(tests, copy, "-x", "-rfE", *few))
    return found[1] if found else None


def _pytest(tests: list[str], copy: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", *options, *tests]
    environment = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": ""}
    with subprocess.Popen(command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, encoding="utf-8", errors="replace", start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=STEP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
    if process.returncode not in {0, 1, -signal.SIGKILL}:  # 2 and more: pytest itself did not come to the tests
        raise RuntimeError(f"pytest ended with {process.returncode}:\n{said[-2000:]}")
    return said
