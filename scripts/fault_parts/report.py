"""The tables of docs/reliability.md, from the lines of a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
MEASURED = Path(__file__).resolve().parents[2] / "docs" / "measured" / "faults.jsonl"
FAULTS = {"kill": "killed", "step_down": "made to step down", "freeze": "frozen for 4 s"}
VERBS = ("replace", "undo", "merge", "drill", "full backup", "differential backup", "import-set")


def read(path: Path = MEASURED) -> tuple[Doc, list[Doc]]:
    """Give the first line, with what the last one adds, and the rows."""
    first, *lines, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {**first, **last}, lines


def well(line: Doc) -> bool:
    """Whether a row is as it must be."""
    return line["verdict"] == "ok" or line["verdict"].startswith("caught")


def false_success(line: Doc) -> bool:
    """Whether a row, not one that was to be caught, is a success that is none."""
    return line["kind"] != "control" and line["verdict"].startswith("false success")


def lost(line: Doc) -> bool:
    """Whether acknowledged writes were lost in a row that was not to be caught."""
    return line["kind"] != "control" and "acknowledged writes lost" in line["verdict"]


def run(head: Doc, lines: Sequence[Doc]) -> str:
    """Say which commit ran when, where and for how long."""
    date, moment = head["date"][:10], head["date"][11:16]
    return (f"Commit `{head['commit'][:10]}`{' with changes that were not committed' if head['dirty'] else ''}, "
            f"{date} {moment}, {head['minutes']:g} minutes on {head['cores']} cores, {head['system']}, Python "
            f"{head['python']}, pymongo {head['pymongo']}, MongoDB {head['mongodb']}: {len(lines)} rows, "
            f"{head['left_out']} left out for time.")


def changes_of_primary(lines: Iterable[Doc]) -> str:
    """Verb × fault × what came of it."""
    chosen = sorted((line for line in lines if line["kind"] == "election"), key=_verb_and_fault)
    body = [
        (verb, FAULTS[fault], ", ".join(sorted({line["step"] for line in its})), *_counts(its))
        for (verb, fault), its in ((key, list(group)) for key, group in groupby(chosen, _by_verb_and_fault))
    ]
    return table(("verb", "the primary is", "at the steps", *COUNTED), body)


def connection_strings(lines: Iterable[Doc]) -> str:
    """Option × verbs × what came of it."""
    return _by_fault(lines, "connection string", "connection string")


def clock(lines: Iterable[Doc]) -> str:
    """What the member with the other clock did × verbs × what came of it."""
    return _by_fault(lines, "clock", "the member whose clock is an hour ahead")


def controls(lines: Iterable[Doc]) -> str:
    """What was broken on purpose, and what the judge said."""
    body = sorted({(line["fault"], line["verb"], line["verdict"].partition(": [")[0])
                   for line in lines if line["kind"] == "control"})
    return table(("broken on purpose", "verb", "verdict"), body)


CLOCK = "a primary an hour ahead "
COUNTED = ("runs", "success", "other answers, by code", "false successes", "lost writes")


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *body))


def _by_fault(lines: Iterable[Doc], kind: str, title: str) -> str:
    chosen = sorted((line for line in lines if line["kind"] == kind), key=lambda line: str(line["fault"]))
    body = []
    for fault, group in groupby(chosen, lambda line: line["fault"]):
        its = list(group)
        option, _, besides = fault.partition(", ")
        said = f"`{option}` {besides}".strip() if kind == "connection string" else fault.removeprefix(CLOCK)
        body.append((said, ", ".join(sorted({line["verb"] for line in its})), *_counts(its)))
    return table((title, "verbs", *COUNTED), body)


def _counts(lines: Sequence[Doc]) -> tuple[str, ...]:
    codes = Counter(line["answer"].partition(" ")[0] for line in lines)
    others = ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()) if code != "0")
    return (str(len(lines)), str(codes["0"]), others, str(sum(map(false_success, lines))), str(sum(map(lost, lines))))


def _by_verb_and_fault(line: Doc) -> tuple[str, str]:
    return line["verb"], line["fault"]


def _verb_and_fault(line: Doc) -> tuple[int, int]:
    return VERBS.index(line["verb"]), list(FAULTS).index(line["fault"])
