"""The list as a file, for whoever may have it: which records, which columns, which form; the same for page and command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Final

from backup_engine.errors import BadInput
from backup_engine.model import SILENT, Watch
from equipment.domain.counting import number_of
from equipment.domain.query import Query, from_params, is_managed
from equipment.exchange import made_file
from equipment.exchange.made_file import Asked
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import listing, records, schema

__all__ = ["ALL", "COLUMNS", "FORMS", "SHOWN", "keys_for", "query_of", "stream"]

FORMS: Final = ("csv", "xlsx", "json")
SHOWN, ALL = "shown", "all"
COLUMNS: Final = (SHOWN, ALL)
"""The columns that the list shows, or also those that are hidden."""
BATCH = 1_000


def query_of(asked: Mapping[str, Sequence[str]]) -> Query | None:
    """Read what the page's own address says (``q``, ``only``, ``sort``, the column filters); None for everything.

    Raises ``BadInput`` for a parameter that it does not have: ignored, it would be the whole list.
    """
    if unknown := [name for name in asked if not is_managed(name)]:
        raise BadInput(f"There is no filter {', '.join(unknown):.200}.",
                       hint="Filters are those of the page's address, such as q=scope or is.Vendor=Acme.")
    return from_params(asked) if asked else None


def keys_for(db: Db, query: Query | None) -> list[str]:
    """Give the keys of the records that match, in the order asked for."""
    if query is None:
        sheet = listing.sheet(db)
        return sheet.keys(sheet.rows())
    return records.matching_keys(db, query, schema.types(db), date.today())


def stream(
    db: Db, who: Who, form: str, keys: Sequence[str], *, columns: str = ALL, watch: Watch = SILENT
) -> Iterator[bytes]:
    """Give the file of these records piece by piece, and write into the log that it was taken.

    The first piece is made at once: raises ``PermissionDenied`` for who may not export, and ``BadInput`` for what
    the form cannot hold, before anything is sent; ``Cancelled`` between two thousands, when ``watch`` says so.
    """
    require(db, who, "records.export")
    if form not in FORMS or columns not in COLUMNS:
        raise BadInput(f"Choose {', '.join(FORMS)}, and the columns {' or '.join(COLUMNS)}.")
    pieces = _pieces(db, form, keys, columns, watch)
    first = next(pieces, b"")
    activity.record(db, who, "records.export", "list", note=f"{number_of(len(keys), 'record')} as {form.upper()}")
    return chain([first], pieces)


def _pieces(db: Db, form: str, keys: Sequence[str], columns: str, watch: Watch) -> Iterator[bytes]:
    known = schema.columns(db, hidden=True)
    names = [column.name for column in known if columns == ALL or not column.hidden]
    types = {column.name: column.kind.name for column in known}
    return made_file.pieces(Asked(form, names, types, whole=columns == ALL), _documents(db, keys, watch), len(keys))


def _documents(db: Db, keys: Sequence[str], watch: Watch) -> Iterator[bytes]:
    for start in range(0, len(keys), BATCH):
        watch.step("Writing the records", start, len(keys))
        yield from (entry.raw for entry in records.entries(db, keys[start : start + BATCH]))
    watch.step("Closing the file", len(keys), len(keys))
