"""Measures what people feel with a long list: ``python scripts/bench_list.py [records]`` (100,000 unless given).

Runs on a MongoDB of its own, from the same wheel as the quick start. A *look* is everything the Equipment Records page
asks for: the numbers above the list, and the filtered and ordered page with its records. *Counts* are those of five
columns, as the open filters show them. Times are of the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from equipment.domain import sample
from equipment.domain.query import Query
from equipment.store.list import listing, records, schema
from tests.mongod import Mongod

TODAY = date.today()
FACETS = ("Category", "Vendor", "Model", "Location", "check")
QUERIES = {
    "first page": Query(sort="ID"),
    "search, two words": Query(text="keysight lab", sort="ID"),
    "search, nothing found": Query(text="(.*$where", sort="ID"),
    "filter and range": Query(choices={"Category": ("Oscilloscope", "Multimeter")}, lows={"Purchase Value": "3,000"}),
    "overdue, by date": Query(only="overdue", sort="Next Cal Date"),
    "by vendor, descending": Query(sort="Vendor", descending=True),
}


def main(count: int) -> None:
    """Fill a database, then print how long each look takes: the first time, and right after somebody saved a record."""
    server = Mongod()
    try:
        with server.client() as client:
            db = client["bench"]
            _fill(db, count)
            print(f"{count:,} records; first read of the list {_ms(lambda: listing.sheet(db)):,.0f} ms")
            types = schema.types(db)
            for name, query in QUERIES.items():
                first = _ms(lambda query=query: _look(db, query, types))
                again = _ms(lambda query=query: _look(db, query, types))
                db["Equipment"].update_one({"ID": 7}, {"$set": {"Comments": name}})
                after = _ms(lambda query=query: _look(db, query, types))
                counts = _ms(lambda query=query: _counts(db, query, types))
                print(f"{name:24} first {first:5,.0f} ms   again {again:5,.0f} ms   after a save {after:5,.0f} ms   "
                      f"counts {counts:5,.0f} ms")
    finally:
        server.stop()


def _fill(db: Any, count: int) -> None:
    made = sample.records(TODAY, count=count)
    for start in range(0, count, 5_000):
        db["Equipment"].insert_many(made[start : start + 5_000])


def _look(db: Any, query: Query, types: Any) -> None:
    listing.sheet(db).counts(schema.types(db), TODAY)
    records.page(db, query, types, TODAY)


def _counts(db: Any, query: Query, types: Any) -> None:
    sheet = listing.sheet(db)
    for column in FACETS:
        sheet.facet(column, query, types, TODAY)


def _ms(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
