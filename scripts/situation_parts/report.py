"""The table of docs/deployment.md, from the lines of a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scripts.fault_parts.report import read as read_lines, table
from scripts.situation_parts.situation import NOT_HERE

__all__ = ["MEASURED", "read", "renew", "run", "situations"]

Doc = dict[str, Any]
MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "situations.jsonl"


def read(path: Path = MEASURED) -> tuple[Doc, list[Doc]]:
    """Give the head, with what the last line adds, and the situations."""
    return read_lines(path)


def renew(path: Path, told: Sequence[Doc], order: Sequence[tuple[str, str]]) -> None:
    """Put the lines of a later run into the file of an earlier one; each says of which commit it is.

    ``order`` is that of all situations, by kind and name; lines of what is no situation any more go.
    """
    head, *lines, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    now, *later, _ = told
    later = [{**line, "commit": now["commit"], "date": now["date"], "dirty": now["dirty"]} for line in later]
    known = {(line["kind"], line["situation"]): line for line in (*lines, *later)}
    kept = [head, *(known[name] for name in order if name in known), last]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept), "utf-8")


def run(head: Doc, lines: Sequence[Doc]) -> str:
    """Say which commit ran when and where, and what came of it in numbers."""
    counts = Counter(line["result"] for line in lines)
    numbers = ", ".join(f"{count} {result}" for result, count in counts.most_common())
    return (f"Commit `{head['commit'][:10]}`{' with changes that were not committed' if head['dirty'] else ''}, "
            f"{head['date'][:10]} {head['date'][11:16]}, {head['minutes']:g} minutes on {head['cores']} cores, "
            f"{head['system']}, Python {head['python']}, MongoDB {head['mongodb']}: {len(lines)} situations, "
            f"{numbers}.{_renewed(lines)}")


def _renewed(lines: Iterable[Doc]) -> str:
    """Say which of them are of a later commit."""
    later = Counter(line["commit"] for line in lines if "commit" in line)
    said = ", ".join(f"{count} at `{commit[:10]}`" for commit, count in later.items())
    return f" Of these were tried again, or for the first time: {said}." if said else ""


def situations(lines: Iterable[Doc]) -> str:
    """Situation × result, what was said, and after how many seconds."""
    body = [(line["kind"], line["situation"], line["result"], _cell(line["message"]),
             "" if line["result"] == NOT_HERE else f"{line['seconds']:g}") for line in lines]
    return table(("kind", "situation", "result", "what was said", "s"), body)


def _cell(text: str) -> str:
    """Write a message so that no letter of it is Markdown, and no path in it looks like one of this repository."""
    for letter in "\\|*_`<>[]":
        text = text.replace(letter, f"\\{letter}")
    return text
