"""The table of docs/deployment.md, from the lines of a run of ``scripts/mongodb_versions``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.fault_parts.report import table

__all__ = ["read", "run", "tried"]

Doc = dict[str, Any]
MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "mongodb.jsonl"


def read(path: Path = MEASURED) -> tuple[Doc, list[Doc]]:
    """Give the first line, which says what was run, and the rows."""
    first, *lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return first, lines


def run(head: Doc, lines: Sequence[Doc]) -> str:
    """Say which commit ran when and where, and how many rows were well."""
    well = sum(line["verdict"] == "ok" for line in lines)
    return (f"Commit `{head['commit'][:10]}`, {head['date'][:10]}, {head['system']}, Python {head['python']}, pymongo "
            f"{head['pymongo']}: {well} of {len(lines)} rows as they must be.")


def tried(head: Doc, lines: Sequence[Doc]) -> str:
    """Server × how many verbs alone, as a replica set, and sets of the others restored there."""
    rows = []
    for server in head["servers"]:
        own = [line for line in lines if line["server"] == server]
        taken = [line for line in own if "saved_by" in line]
        notes = sorted({line["note"] for line in taken if "note" in line})
        rows.append((server, *(_count([line for line in own if line["topology"] == topology and line not in taken])
                               for topology in ("standalone", "replica set")), _count(taken), "; ".join(notes)))
    return table(("MongoDB", "verbs, alone", "verbs, replica set", "sets that the others saved", ""), rows)


def _count(lines: Sequence[Doc]) -> str:
    return f"{sum(line['verdict'] == 'ok' for line in lines)} of {len(lines)}"
