"""MongoDB's own tools on the same data in the same run, where they are installed, beside our commands.

They are found on PATH and never fetched. The work is not quite the same, and never less on our side: our backup is read
back and compared, our replace makes a safety set and proves what it loaded, our export and import show values as people
read them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench_parts.table import Line, interleaved
from tests.server.running_app import ROOT

TOOLS = ("mongodump", "mongorestore", "mongoexport", "mongoimport")
COLLECTION = "Equipment"
NEWEST = "2999-01-01"
"""A moment before which the newest backup is the newest."""


@dataclass(frozen=True)
class Peer:
    """One kind of work, by our command and by a tool."""

    work: str
    tool: str
    ours: Callable[[], object]
    theirs: Callable[[], object]


def found() -> dict[str, str]:
    """Give the tools that are on PATH."""
    return {tool: path for tool in TOOLS if (path := shutil.which(tool)) is not None}


def missing() -> list[str]:
    """Give those that are not."""
    return [tool for tool in TOOLS if tool not in found()]


def lines(uri: str, database: str, folder: Path, rounds: int) -> list[Line]:
    """Measure what can be; ``database`` holds the list and is left as it was. Nothing where there are no tools."""
    tools = found()
    made = []
    for peer in _peers(uri, database, folder, tools):
        if peer.tool not in tools:
            continue
        seconds = interleaved({"ours": peer.ours, "theirs": peer.theirs}, rounds)
        made.append(Line(f"{peer.work}, the whole command", seconds["ours"], peer.tool, seconds["theirs"]))
    return made


def _peers(uri: str, database: str, folder: Path, tools: Mapping[str, str]) -> list[Peer]:
    """In an order in which each finds what it needs: the files that are read are written by the one before."""
    engine = [sys.executable, "backup_csv_for_db_restore.py", "--uri", uri, "--database", database,
              "--folder", str(folder / "backups")]
    application = [sys.executable, "-m", "equipment"]
    ours, dump, rows = folder / "ours.csv", folder / "dump", folder / "rows.json"
    there = ["--uri", uri, "--db", database, "--collection", COLLECTION]

    def run(*command: str) -> None:
        _run([tools[command[0]], "--quiet", *command[1:]])

    return [
        Peer("full backup", "mongodump", lambda: _run([*engine, "backup", "--force"]),
             lambda: run("mongodump", *there, "--out", str(dump))),
        Peer("replace", "mongorestore",
             lambda: _run([*engine, "restore", "--at", NEWEST, "--collection", "equipment", "--mode", "replace",
                           "--yes"]),
             lambda: run("mongorestore", *there, "--drop", str(dump / database / f"{COLLECTION}.bson"))),
        Peer("export", "mongoexport",
             lambda: _run([*application, "export", "--uri", uri, "--database", database, "--out", str(ours)]),
             lambda: run("mongoexport", *there, "--out", str(rows))),
        Peer("import over the same records", "mongoimport",
             lambda: _run([*application, "import", str(ours), "--uri", uri, "--database", database]),
             lambda: run("mongoimport", *there, "--mode", "upsert", "--file", str(rows))),
    ]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} {command[1]} … failed: {done.stdout}{done.stderr}")
