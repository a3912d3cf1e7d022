"""Three records whose bytes a careless undo would change, in a list that can be undone."""

from __future__ import annotations

from typing import Any

import bson
from pymongo.database import Database

from equipment.store.access import Who
from equipment.store.list import undo
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
LIST: list[dict[str, Any]] = [
    {"_id": 1, "ID": 1, "Vendor": "Acme", "Spare": bson.Int64(3)}, {"_id": 2, "ID": 2, "Vendor": "Ohm", "Tags": ["a"]},
    {"_id": 3, "ID": 3, "Vendor": "Volt"},
]


def filled(database: Db) -> Who:
    """Put them into an empty list; gives somebody who may change many of them."""
    database["Equipment"].insert_many([dict(record) for record in LIST])
    undo.prepare(database)
    return signed_in(database, "manager")
