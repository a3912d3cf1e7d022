"""Saved views: a search with its filters and order under a name, for oneself or for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import bson
from bson.objectid import ObjectId

from backup_engine.errors import BadInput
from equipment.domain.query import Query, from_document
from equipment.domain.values.collation import in_order
from equipment.store import activity, moments
from equipment.store.access import Db, Who, require

VIEWS: Final = "equipment_views"
LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class View:
    """One saved view."""

    number: str
    name: str
    owner: str
    shared: bool
    query: Query

    def label(self, name: str) -> str:
        """Name the view for the person ``name``: other people's views say whose they are."""
        return self.name if self.owner == name else f"{self.name} · {self.owner}"


def of(db: Db, who: Who) -> list[View]:
    """Give the views this person has or may see, by name."""
    account = require(db, who, "records.read")
    documents = db[VIEWS].find({"$or": [{"owner": account.key}, {"shared": True}]})
    return in_order((_view(document) for document in documents), lambda view: view.name)


def save(db: Db, who: Who, name: str, query: Query, *, shared: bool = False) -> View:
    """Save a view under a name; one's own view of that name is replaced.

    Raises ``BadInput`` for an empty or odd name, and for a search that holds half a character.
    """
    account = require(db, who, "views.share" if shared else "records.read")
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(f"A view needs a name of 1 to {LONGEST_NAME} characters on one line.")
    document = {"name": name, "owner": account.key, "shared": shared, "query": query.to_document(),
                "saved": moments.now()}
    try:
        bson.encode(document)
    except UnicodeEncodeError as error:
        raise BadInput("What is searched for holds half a character.", hint="Type it again.") from error
    db[VIEWS].update_one({"owner": account.key, "name": name}, {"$set": document}, upsert=True)
    activity.record(db, who, "views.save", f"view:{name}", note="shared" if shared else "")
    stored = db[VIEWS].find_one({"owner": account.key, "name": name})
    assert stored is not None
    return _view(stored)


def delete(db: Db, who: Who, number: str) -> None:
    """Delete one's own view. Raises ``BadInput`` for other people's."""
    account = require(db, who, "records.read")
    gone = db[VIEWS].find_one_and_delete({"_id": ObjectId(number), "owner": account.key})
    if gone is None:
        raise BadInput("Only the person who saved a view can delete it.")
    activity.record(db, who, "views.delete", f"view:{gone['name']}", before={"query": gone["query"]})


def _view(document: dict[str, Any]) -> View:
    return View(str(document["_id"]), document["name"], document["owner"], bool(document.get("shared")),
                from_document(document["query"]))
