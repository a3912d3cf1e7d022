"""A page of the list as a person asks for it, against the bare indexed query for the same rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from pymongo.database import Database

from equipment.domain.query import Query
from equipment.store.list import listing, records, schema
from scripts.bench_parts.table import Line, median, timed

SIZE = 50
FAR = 500
INDEXED = ("Location", "Model")
"""Beside ID: what the bare queries below need, so that none of them scans. Ours need no index but ``_id``."""


def lines(database: Database[dict[str, Any]], rounds: int) -> list[Line]:
    """Measure first page, search, filter, sort and page 500 over the collection ``Equipment``."""
    today = date(2026, 1, 1)
    first = timed(lambda: listing.sheet(database))
    types = schema.types(database)
    equipment = database["Equipment"]

    def page(query: Query, number: int = 1) -> float:
        records.page(database, query, types, today, number=number, size=SIZE)
        return median(lambda: records.page(database, query, types, today, number=number, size=SIZE), rounds)

    def bare(where: dict[str, Any], skip: int = 0, order: tuple[str, int] = ("ID", 1)) -> float:
        return median(lambda: list(equipment.find(where).sort(*order).skip(skip).limit(SIZE)), rounds)

    for field in INDEXED:
        equipment.create_index(field)
    plain, some = Query(sort="ID"), Query(sort="ID", choices={"Location": ("Lab 7",)})
    indexed = "indexed query"
    return [
        Line("list: first look of a process", first),
        Line("list: first page", page(plain), indexed, bare({})),
        Line("list: search", page(Query(text="vötsch 42", sort="ID")), "$regex over one column",
             bare({"Description": {"$regex": "42"}})),
        Line("list: filter", page(some), indexed, bare({"Location": "Lab 7"})),
        Line("list: counts of a filter",
             median(lambda: listing.sheet(database).facet("Vendor", some, types, today), rounds)),
        Line("list: other order", page(Query(sort="Model", descending=True)), indexed, bare({}, order=("Model", -1))),
        Line(f"list: page {FAR}", page(plain, FAR), "query with skip", bare({}, (FAR - 1) * SIZE)),
    ]
