"""A list whose index is in files, as a process sees it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pymongo.database import Database

from equipment.domain.query import Query
from equipment.store.list import listing
from equipment.store.list.indexing import followed
from equipment.store.list.indexing.files import IndexFiles
from equipment.store.list.indexing.followed import Listing

TODAY = date(2026, 3, 2)


class Indexed:
    """The list of a database; ``restart`` lets go of everything as a process that ends does."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self.db = db

    @property
    def listing(self) -> Listing:
        return listing._of(self.db, listing.EQUIPMENT)

    @property
    def folder(self) -> Path:
        assert followed._place is not None
        return followed._place[0]

    def rooms(self) -> list[str]:
        sheet = self.listing.sheet()
        return sheet.texts("Room", sheet.rows())

    def found(self, text: str) -> int:
        return len(self.listing.sheet().find(Query(text=text), {}, TODAY))

    def files(self) -> IndexFiles:
        made = IndexFiles.of(self.db.Equipment, self.folder)
        assert made is not None
        return made

    def generation(self) -> str | None:
        return self.files().folder.current()

    def holds(self, text: bytes) -> bool:
        return any(text in path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def restart(self) -> None:
        self.end()

    def end(self) -> None:
        with listing._listings_lock:
            known = listing._listings.pop((id(self.db.client), self.db.name, listing.EQUIPMENT), None)
        if known is not None:
            known.close()
