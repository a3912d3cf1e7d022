"""Run pytest in the copy, and hand it a plan of what is to be broken and who is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["run", "try_out"]

HOURS = 6 * 3600


def try_out(plan: Sequence[Mapping[str, Any]], copy: Path, lines: Path) -> list[dict[str, Any]]:
    """Break one after the other and ask its tests, in one process. Give what came of each.

    It is in the file ``lines`` as soon as it is known.
    """
    place = lines.with_suffix(".plan")
    place.write_text(json.dumps(list(plan)), "utf-8")
    lines.touch()
    files = sorted({test.partition("::")[0] for mutant in plan for test in mutant["tests"]})
    run(files or ["conftest.py"], copy, {"MUTANT_PLAN": str(place), "MUTANT_LINES": str(lines)}, HOURS,
        "-n", "0", "-p", "scripts.mutant_parts.asking")
    return [json.loads(line) for line in lines.read_text("utf-8").splitlines()]


def run(tests: Sequence[str], copy: Path, environment: Mapping[str, str], seconds: float, *options: str) -> None:
    """Run tests in the copy; RuntimeError when pytest did not come to them, or they took too long."""
    command = [sys.executable, "-m", "pytest", "-q", *options, *tests]
    whole = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "", **environment}
    with subprocess.Popen(command, cwd=copy, env=whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, encoding="utf-8", errors="replace", start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except BaseException:  # what a test has started must not outlive this
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode not in {0, 1}:  # 2 and more: pytest itself did not come to the tests
        raise RuntimeError(f"pytest ended with {process.returncode}:\n{said[-2000:]}")
