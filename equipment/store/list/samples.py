"""Puts the made-up laboratory into an empty list."""

from __future__ import annotations

from datetime import date

from backup_engine.errors import BadInput
from equipment.domain import sample
from equipment.store.access import Db, Who, require
from equipment.store.list import listing, options, records


def load(db: Db, who: Who, today: date) -> int:
    """Load the sample data, choices included where there are none. Give the number of records.

    Raises ``BadInput`` when the list is not empty: made-up records do not belong among real ones.
    """
    require(db, who, "sample.load")
    if len(listing.sheet(db)):
        raise BadInput("Sample data is only for an empty list.")
    made = records.add_many(db, who, sample.records(today), action="sample.load", note="Sample data")
    if not options.choices(db):
        options.load(db, who, sample.options())
    return len(made)
