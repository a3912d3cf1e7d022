"""The order of turns: each version opens what the other made, in a fresh folder and in one that both have used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from scripts.upgrade_parts import rules
from scripts.upgrade_parts.installation import Installation
from scripts.upgrade_parts.samples import odd_documents, records
from scripts.upgrade_parts.steps import Step, Steps

__all__ = ["EARLIER", "PRESENT", "Way", "table", "ways"]

EARLIER, PRESENT = "earlier", "present"
STEP_FAILED, STEP_WELL, STEP_NOT_TRIED = "FAILED", "ok", "-"


@dataclass
class Way:
    """One version writes, the other one opens; what became of every step."""

    writer: str
    reader: str
    used: bool
    """Whether both versions have used the folder before."""
    steps: list[Step] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name the direction."""
        return f"{self.writer} to {self.reader}{', used folder' if self.used else ''}"


def ways(checkouts: dict[str, Path], folder: Path, announce: Callable[[Way], object]) -> list[Way]:
    """Go all four ways; ``announce`` hears of each before it begins."""
    gone = []
    for first, second in ((EARLIER, PRESENT), (PRESENT, EARLIER)):
        with _installation(folder / f"{first} first") as installation:
            for way in (Way(first, second, used=False), Way(second, first, used=True)):
                announce(way)
                installation.turn(checkouts[way.writer], "make", way.writer, way.steps.append)
                way.record = installation.record
                installation.turn(checkouts[way.reader], "take", way.reader, way.steps.append)
                gone.append(way)
    before, now = gone[0], gone[2]
    rules.check(before.record, now.record, Steps(now.steps.append))
    return gone


def table(gone: list[Way]) -> str:
    """Write what became of every step, a column for each way."""
    names = list(dict.fromkeys(step.name for way in gone for step in way.steps))
    rows = [["step", *(way.title for way in gone)]]
    for name in names:
        words = [{step.name: step.words for step in way.steps}.get(name) for way in gone]
        rows.append([name, *(STEP_NOT_TRIED if said is None else STEP_FAILED if said else STEP_WELL for said in words)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


@contextmanager
def _installation(folder: Path) -> Iterator[Installation]:
    installation = Installation(folder)
    key = pyrage.x25519.Identity.generate()
    keys = {"public": str(key.to_public()), "secret": str(key), "passphrase": "only for this check"}
    (folder / "keys.json").write_text(json.dumps(keys))
    (folder / "list.bson").write_bytes(b"".join([*odd_documents(), *records()]))
    try:
        yield installation
    finally:
        installation.stop_server()
