"""The table of two servers in docs/schedules.md, from the lines of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.fault_parts.report import read as read_lines, table

__all__ = ["LEASE_MINUTES", "MEASURED", "faults", "minutes", "read", "run"]

Doc = dict[str, Any]
MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "two_servers.jsonl"
LEASE_MINUTES = math.ceil((60 + 30) / 60)
"""For so many minutes at most there is no set when the leader dies: its lease lapses after 60 s, and the other one
looks every 30 s."""


def read(path: Path = MEASURED) -> tuple[Doc, list[Doc]]:
    """Give the head, with what the last line adds, and the minutes."""
    return read_lines(path)


def faults(lines: Sequence[Doc]) -> list[str]:
    """Say what is not as it must be: a minute with two sets, or one without that the lease does not excuse."""
    killed = [number for number, line in enumerate(lines) if " killed" in line["happened"]]
    excused = {number + more for number in killed for more in range(LEASE_MINUTES + 1)}
    found = [f"{line['minute']}: {len(line['sets'])} sets" for line in lines if len(line["sets"]) > 1]
    empty = [number for number, line in enumerate(lines) if not line["sets"]]
    found += [f"{lines[number]['minute']}: no set" for number in empty if number not in excused]
    if len(empty) > LEASE_MINUTES * len(killed):
        found.append(f"{len(empty)} minutes without a set")
    if not killed:
        found.append("nobody was killed")
    return found


def run(head: Doc, lines: Sequence[Doc]) -> str:
    """Say which commit ran when and where, and what came of it in numbers."""
    made = sum(len(line["sets"]) for line in lines)
    without = sum(not line["sets"] for line in lines)
    return (f"Commit `{head['commit'][:10]}`{' with changes that were not committed' if head['dirty'] else ''}, "
            f"{head['date'][:10]} {head['date'][11:16]}, {head['cores']} cores, {head['system']}, Python "
            f"{head['python']}, MongoDB {head['mongodb']}: {len(lines)} minutes, {made} backups, "
            f"{sum(len(line['sets']) > 1 for line in lines)} minutes with two, {without} without one, "
            f"{sum(line['edits'] for line in lines)} changes of records.")


def minutes(lines: Sequence[Doc]) -> str:
    """Minute × who had the lease × backups."""
    body = [(line["minute"], ", ".join(f"{name} {count} s" for name, count in line["led"].items()),
             str(len(line["sets"])), line["happened"]) for line in lines]
    return table(("minute (UTC)", "had the lease", "backups", "what happened"), body)
