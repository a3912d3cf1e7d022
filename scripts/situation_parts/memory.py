"""A limit of memory, as a container or a service has it, and 100,000 records. Needs root, for a group of processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.judging import judged, page_drawn
from scripts.situation_parts.situation import SAYS, WORKS, NotHere, Outcome, Situation

KIND = "memory"
RECORDS = 100_000
MEGABYTES = 1024
GROUPS = Path("/sys/fs/cgroup")
WORK = '"$PYTHON" -m scripts.situation_parts.memory_work'
COMMAND = '"$PYTHON" backup_csv_for_db_restore.py'


@contextmanager
def limited(megabytes: int) -> Iterator[tuple[tuple[str, ...], Callable[[], int]]]:
    """Make a control group; gives what to put before a command, and the most it has used in bytes.

    Of version 1 or 2 (https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, …/cgroup-v2.html). Raises ``NotHere``.
    """
    old = (GROUPS / "memory").is_dir()
    group = (GROUPS / "memory" if old else GROUPS) / f"equipment-{os.getpid()}-{time.monotonic_ns()}"
    limit, peak = ("memory.limit_in_bytes", "memory.max_usage_in_bytes") if old else ("memory.max", "memory.peak")
    try:
        group.mkdir()
        (group / limit).write_text(str(megabytes * 1024 * 1024))
    except OSError as refused:
        with suppress(OSError):
            group.rmdir()
        raise NotHere(f"no group of processes can be made here: {refused.strerror}") from None
    try:
        yield ("/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "limited"), lambda: int(
            (group / peak).read_text())
    finally:
        for _ in range(100):  # until the last of its processes is gone
            with suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)


def _filled(play: Callable[[Ground, tuple[str, ...]], Outcome], megabytes: int) -> Callable[[Ground], Outcome]:
    def run(ground: Ground) -> Outcome:
        if sys.platform != "linux":
            raise NotHere("only Linux has control groups")
        with limited(megabytes) as (before, peak):
            filled = ground.shell(f"{WORK} fill {RECORDS}")
            if filled.code:
                return judged(filled, ground)
            outcome = play(ground, before)
            used = f"; {peak() / 1e6:,.0f} MB were used at most, MongoDB and files read included"
        return Outcome(outcome.result, outcome.message + used, outcome.seconds)

    return run


def _starts(ground: Ground, before: tuple[str, ...]) -> Outcome:
    ended = ground.shell(f"{WORK} account")
    return judged(ended, ground) if ended.code else page_drawn(ground, before=before, expect="Sign in")


def _command(script: str, ground: Ground, before: tuple[str, ...]) -> Outcome:
    return judged(ground.shell(script, before=before), ground)


def _restores(ground: Ground, before: tuple[str, ...]) -> Outcome:
    made = ground.shell(f"{COMMAND} backup --force")
    if made.code:
        return judged(made, ground)
    return _command(f"{COMMAND} restore newest --collection both --mode replace --yes", ground, before)


SITUATIONS = tuple(
    Situation(KIND, f"{MEGABYTES:,} MB of memory, {RECORDS:,} records: {what}", wanted, _filled(play, MEGABYTES), 300)
    for what, wanted, play in (
        ("the app", WORKS, _starts),
        ("a backup", WORKS, partial(_command, f"{COMMAND} backup --force")),
        ("a restore", WORKS, _restores),
        ("an import that changes all", WORKS, partial(_command, f"{WORK} import {RECORDS}")),
        ("an import of as many new ones", SAYS, partial(_command, f"{WORK} import-all {RECORDS}")),
    ))
