"""Where an application's own data is saved beside the list: the place ``.app`` inside the same storage."""

from __future__ import annotations

from collections.abc import Sequence

from backup_engine.errors import BadInput
from backup_engine.model import APPLICATION, Application, Source
from backup_engine.repository.catalog import Catalog
from backup_engine.storage.base import APP, Storage
from backup_engine.workspace import Annex

__all__ = ["annex"]


def annex(storage: Storage, about: Application, beside: Sequence[Source]) -> Annex:
    """Open the place. Raises ``BadInput`` where a key or a collection is one of the list's (``beside``) as well."""
    for name in ("key", "collection"):
        both = {getattr(source, name) for source in about.sources} & {getattr(source, name) for source in beside}
        if both:
            raise BadInput(f"the list and the application's own data have one {name}: {', '.join(sorted(both))}.")
    place = storage.inside(APP)
    return Annex(about, place, Catalog(place, about.sources, APPLICATION))
