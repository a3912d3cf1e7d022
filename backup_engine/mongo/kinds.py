"""Collections that are no ordinary ones: capped, views, time-series. What can be done with each, and what instead.

Tried on MongoDB 6.0, replica set and standalone. A *capped* collection takes no writes inside a transaction (code 263)
and no snapshot reads (246), and drops its oldest records by itself, which no Undo could bring back. A *view* takes no
writes at all (166) and no rename onto its name (48). A *time-series* collection has no unique ``_id``, takes no
transaction (263), deletes and changes by nothing but its ``metaField`` (72), and no rename (166). So all three are
saved, and none is replaced or merged into: they come back as an ordinary collection, under a name that is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backup_engine.errors import BadInput

__all__ = ["Kind", "kind_of", "ordinary", "refuse"]


@dataclass(frozen=True)
class Kind:
    """One kind: its name with an article, the options that make it, and how its name is made free (for mongosh)."""

    name: str
    option: str
    """The option of ``create`` that only this kind has."""
    options: frozenset[str]
    """All that an ordinary collection must not be created with."""
    free: str
    unique_id: bool = True
    """Whether no two of its records have the same ``_id``."""


KINDS = (
    Kind("a view", "viewOn", frozenset({"viewOn", "pipeline"}),
         "drop its definition (the records it shows stay where they are): db.getCollection({name}).drop()",
         unique_id=False),
    Kind("a time-series collection", "timeseries", frozenset({"timeseries", "expireAfterSeconds"}),
         "copy it and drop it: db.getCollection({name}).aggregate([{{$out: {old}}}]); db.getCollection({name}).drop()",
         unique_id=False),
    Kind("a capped collection", "capped", frozenset({"capped", "size", "max"}),
         "rename it: db.getCollection({name}).renameCollection({old})"),
)


def kind_of(options: Mapping[str, Any]) -> Kind | None:
    """Tell by its options, as ``listCollections`` or a set has them; None for an ordinary collection."""
    return next((kind for kind in KINDS if options.get(kind.option)), None)


def ordinary(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of the ordinary collection that a saved one comes back as."""
    kind = kind_of(options)
    return {name: value for name, value in options.items() if kind is None or name not in kind.options}


def refuse(name: str, options: Mapping[str, Any]) -> None:
    """Raise ``BadInput`` with the way that works when a live collection can be neither replaced nor merged into."""
    kind = kind_of(options)
    if kind is not None:
        free = kind.free.format(name=f'"{name}"', old=f'"{name}_old"')
        raise BadInput(
            f"{name} is {kind.name}: MongoDB lets it be neither replaced nor merged into in a way that Undo could "
            "take back. Nothing was changed.",
            hint=f"Make a backup, then in mongosh {free}. After that, Replace makes {name} an ordinary collection. "
                 "Other collections of the backup can be restored on their own.")
