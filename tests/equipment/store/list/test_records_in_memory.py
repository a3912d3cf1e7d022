"""The list works on the in-memory demo database as well, in its plainer way."""

from __future__ import annotations

from datetime import date

import mongomock

from equipment.domain.query import Query
from equipment.store.list import bulk, listing, options, records, samples, schema, trash
from equipment.store.list.records import Save
from tests.equipment.store.people import signed_in

TODAY = date(2026, 3, 2)


def test_the_whole_day_in_the_demo() -> None:
    db = mongomock.MongoClient()["demo"]
    who = signed_in(db, "admin")
    assert samples.load(db, who, TODAY) == 430
    page = records.page(db, Query(text="keysight", sort="ID"), schema.types(db), TODAY)
    first = page.entries[0]

    [saved] = records.save(db, who, [Save(first, {"Location": "Mars"})])
    [stale] = records.save(db, who, [Save(first, {"Location": "Venus"})])
    added = records.add(db, who, {"Vendor": "Brand new"})
    assert saved.entry is not None
    trash.move(db, who, [saved.entry])
    trash.bring_back(db, who, [trashed.number for trashed in trash.entries(db)])

    assert (saved.status, stale.status) == ("updated", "conflict")
    assert records.page(db, Query(text="mars"), {}, TODAY).total == 1
    assert records.page(db, Query(text="brand new"), {}, TODAY).entries == [added]
    assert len(listing.sheet(db)) == 431
    assert len(options.choices(db)["Category"]) == 22
    assert trash.count(db) == 0
    edit = bulk.BulkEdit("set", "check", "done")
    assert bulk.apply(db, who, edit, bulk.preview(db, edit)).changed > 400
