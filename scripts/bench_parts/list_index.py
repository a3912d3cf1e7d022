"""The list's index in files: a process that makes it, and one that starts over it and is used by eight people at once.

Each is a program of its own, as a server is: ``python -m scripts.bench_parts.list_index URI DATABASE FOLDER``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pymongo

from equipment.domain.query import Query
from equipment.store.list import keys, listing, records, schema
from equipment.store.list.indexing import followed
from scripts.bench_parts.table import Line, table, timed

ROOT: Final = Path(__file__).resolve().parents[2]
TODAY: Final = date(2026, 1, 1)
CHANGES: Final = 1_000
PEOPLE: Final = 8
SECONDS: Final = 10.0
REACH: Final[Mapping[int, Mapping[str, float]]] = {
    100_000: {"made": 6, "start": 0.5, "look": 0.015, "word": 0.025, "two words": 0.04, "edit": 0.1, "MiB": 120},
    1_000_000: {"made": 45, "start": 1.5, "look": 0.05, "word": 0.2, "two words": 0.35, "edit": 0.3, "MiB": 250},
}
"""What is held to; seconds."""


def report(uri: str, database: str, count: int, folder: Path) -> str:
    """Measure it all and give a table and a sentence."""
    made = _program(uri, database, folder)
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        equipment = client[database].Equipment
        for found in list(equipment.find({}, {"_id": 1}).limit(CHANGES)):
            equipment.update_one(found, {"$set": {"Comments": "changed while nobody ran"}})
    used = _program(uri, database, folder)
    reach = REACH[count]

    def line(work: str, name: str, seconds: float) -> Line:
        return Line(work, seconds, f"{reach[name] * 1000:g} ms", reach[name], 1)

    lines = [
        line("list's index: made anew", "made", made["start"]),
        line(f"start over it, {CHANGES:,} changes", "start", used["start"]),
        line("order, any page, filter, counts: 95 of 100", "look", used["look"]),
        line("new search, one word: 95 of 100", "word", used["word"]),
        line("new search, two words: 95 of 100", "two words", used["two words"]),
        line("an edit is found: 95 of 100", "edit", used["edit"]),
        Line("the same looks, 8 people and an edit a second: 95 of 100", used["together"]),
    ]
    return f"{table(lines)}\n\nPrivate memory of the program with 8 people: {used['MiB']:.0f} MiB (≤ {reach['MiB']:g})."


def main(uri: str, database: str, folder: str) -> None:
    """Start over the index, making it where there is none, and print what was measured."""
    followed.keep_files(Path(folder), 0)
    db = pymongo.MongoClient[dict[str, Any]](uri)[database]
    start = timed(lambda: listing.sheet(db))
    types, chance = schema.types(db), random.Random(1)

    def look(query: Query, number: int = 1) -> float:
        return timed(lambda: records.page(db, query, types, TODAY, number=number))

    columns = [column.name for column in schema.columns(db)]
    last = max(1, len(listing.sheet(db)) // 50)

    def any_look() -> float:
        column = chance.choice(columns)
        if chance.random() < 0.3:
            return timed(lambda: listing.sheet(db).facet(column, Query(text="lab"), types, TODAY, most=200))
        return look(Query(sort=column, descending=chance.random() < 0.5), chance.randint(1, last))

    for column in columns:  # so often they are asked for that what each needs is there
        look(Query(sort=column))
        listing.sheet(db).facet(column, Query(text="lab"), types, TODAY, most=200)
    told = {
        "start": start,
        "look": _of_100([any_look() for _ in range(100)]),
        "word": _of_100([look(Query(text=f"{number}7", sort="ID")) for number in range(40)]),
        "two words": _of_100([look(Query(text=f"x{number} {number}3", sort="ID")) for number in range(40)]),
        "edit": _of_100([_edit_found(db, look, number) for number in range(40)]),
        "together": _together(db, any_look),
    }
    print(json.dumps(told | {"MiB": _private()}))


def _edit_found(db: Any, look: Callable[[Query], float], number: int) -> float:
    sheet = listing.sheet(db)
    [key] = sheet.keys(sheet.rows()[number : number + 1])
    db.Equipment.update_one({"_id": keys.id_of(key)}, {"$set": {"Comments": f"zq{number}zq"}})
    return look(Query(text=f"zq{number}zq"))


def _together(db: Any, any_look: Callable[[], float]) -> float:
    end, taken = time.monotonic() + SECONDS, list[float]()

    def person() -> None:
        while time.monotonic() < end:
            taken.append(any_look())
            time.sleep(0.25)  # who looks also reads

    people = [threading.Thread(target=person) for _ in range(PEOPLE)]
    for one in people:
        one.start()
    number = 1_000
    while time.monotonic() < end:
        _edit_found(db, lambda query: 0.0, number := number + 1)
        time.sleep(1)
    for one in people:
        one.join()
    return _of_100(taken)


def _of_100(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


def _private() -> float:
    told = Path("/proc/self/status").read_text()
    return int(told.split("RssAnon:")[1].split()[0]) / 1024


def _program(uri: str, database: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.bench_parts.list_index", uri, database, str(folder)]
    told: dict[str, float] = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    return told


if __name__ == "__main__":
    main(*sys.argv[1:])
