"""The lines of a run, as docs/measured/mutants.jsonl keeps them, and what they come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["ENOUGH", "MEASURED", "read", "share", "summary", "write"]

MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "mutants.jsonl"
ENOUGH = 0.95
"""How many are to be noticed, of 1."""
Line = dict[str, Any]


def read(path: Path = MEASURED) -> list[Line]:
    """Give the lines; a mutant a line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(path: Path, lines: Sequence[Line]) -> None:
    """Keep the lines, in the order of their names."""
    ordered = sorted(lines, key=lambda line: str(line["mutant"]))
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered), "utf-8")


def share(lines: Sequence[Line]) -> float:
    """How many were noticed, of 1; 1 when there was nothing."""
    return sum(line["caught_by"] is not None for line in lines) / len(lines) if lines else 1.0


def summary(lines: Sequence[Line]) -> str:
    """Say it for each kind, and name those that no test noticed."""
    said = list[str]()
    for kind in sorted({str(line["kind"]) for line in lines}):
        its = [line for line in lines if line["kind"] == kind]
        caught = sum(line["caught_by"] is not None for line in its)
        said.append(f"{kind}: {caught} of {len(its)} noticed")
    said.append(f"all: {100 * share(lines):.1f} %")
    said += [f"not noticed: {line['mutant']}" for line in lines if line["caught_by"] is None]
    return "\n".join(said)
