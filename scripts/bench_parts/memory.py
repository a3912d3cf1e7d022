"""Peak memory of a program and all its processes: ours against the naive one, each started for this."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
MIB = 2**20


def ours(uri: str, database: str, folder: Path) -> int:
    """MiB of a full backup by the command line, read back and committed."""
    options = ["--uri", uri, "--database", database, "--folder", str(folder)]
    return watched([sys.executable, "backup_csv_for_db_restore.py", "backup", "--force", *options])[0]


def naive(uri: str, database: str, folder: Path) -> tuple[int, float]:
    """MiB and seconds of the naive backup."""
    peak, said = watched([sys.executable, "-m", "scripts.bench_parts.naive", uri, database, str(folder / "naive.csv")])
    return peak, float(said)


def watched(command: list[str], only: str = "") -> tuple[int, str]:
    """Run a command; give the largest sum of resident memory of its processes in MiB, and what it printed. With
    ``only``, of those whose command line holds that."""
    with tempfile.TemporaryFile("w+") as output:  # a pipe that nobody reads would stop a talkative program
        program = subprocess.Popen(command, cwd=ROOT, stdout=output)
        process, peak = psutil.Process(program.pid), 0
        while program.poll() is None:
            peak = max(peak, _resident(process, only))
            time.sleep(0.02)
        output.seek(0)
        said = output.read()
    if program.returncode:
        raise SystemExit(f"{command[1]} failed: {said}")
    return peak // MIB, said


def _resident(process: psutil.Process, only: str) -> int:
    try:
        return sum(member.memory_info().rss for member in [process, *process.children(recursive=True)]
                   if only in " ".join(member.cmdline()))
    except psutil.NoSuchProcess:
        return 0  # one ended while being counted; the next count is 20 ms away
