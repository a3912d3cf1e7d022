"""The lists of the databases that this process has open, each with an index that is up to date at every look."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from equipment.index.sheet import Sheet
from equipment.store.access import Db
from equipment.store.list.indexing.followed import Listing

EQUIPMENT: Final = "Equipment"
KEPT: Final = 4
"""Lists kept open; the one not looked at for longest goes first."""
_listings: dict[tuple[int, str, str], Listing] = {}
_listings_lock = threading.Lock()


def sheet(db: Db, collection: str = EQUIPMENT) -> Sheet:
    """Give the list as it is now, for who decides by it."""
    return _of(db, collection).sheet()


def shown(db: Db, collection: str = EQUIPMENT) -> Sheet:
    """Give the list for a page, which does not wait for all that others are writing at this moment."""
    return _of(db, collection).shown()


def ready(db: Db, seconds: float) -> bool:
    """Bring the list up to date beside the caller; says whether a look is quick now. ``read`` tells how far it is.

    Failures are the next look's to raise.
    """
    return _of(db, EQUIPMENT).ready(seconds)


def read(db: Db) -> int:
    """Give how many records the reading under way has taken in."""
    return _of(db, EQUIPMENT).read


def waited(db: Db) -> float:
    """Give for how many seconds the look that ``ready`` began has been under way."""
    return _of(db, EQUIPMENT).waited


def touch(db: Db, changed: Iterable[str], collection: str = EQUIPMENT) -> None:
    """Say that this process has written these keys, so that its next look shows them whatever the stream does."""
    _of(db, collection).touch(changed)


def doubt(db: Db, shown: Iterable[str], collection: str = EQUIPMENT) -> None:
    """Say that these records are not what the index says: they are read again, and its files proven beside."""
    _of(db, collection).doubt(shown)


def wrote(db: Db, collection: str = EQUIPMENT) -> None:
    """Say that much was written, by this process or for it: its next look shows all of that."""
    _of(db, collection).wrote()


def forget(db: Db, collection: str = EQUIPMENT) -> None:
    """Throw the index away; the next look reads everything."""
    with _listings_lock:
        listing = _listings.get((id(db.client), db.name, collection))
    if listing is not None:
        listing.forget()


def scrub(db: Db, seconds: float, collection: str = EQUIPMENT) -> bool:
    """Leave nothing of records that are gone in the files of the index; says whether no process of this machine reads
    older ones any more."""
    return _of(db, collection).scrub(seconds)


def _of(db: Db, collection: str) -> Listing:
    place = (id(db.client), db.name, collection)
    with _listings_lock:
        listing = _listings.pop(place, None) or Listing(db[collection])
        _listings[place] = listing  # taken out and put in again, it is the last of the dict: the first is the oldest
        for old in list(_listings)[:-KEPT]:
            _listings.pop(old).close()
    return listing
