"""Which columns a CSV gets, and how the fields of a document lie in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from backup_engine.csv_format.cells import column_type
from backup_engine.model import Column, ColumnType
from backup_engine.records.exact import decode_all

__all__ = ["MAX_COLUMNS", "MAX_ORDERS", "MAX_ORDER_NAMES", "Orders", "Survey", "order_of", "plan_columns", "survey"]

Survey = dict[str, Counter[type]]
"""How often each field holds a value of which Python type."""

MAX_COLUMNS = 256  # a stray document of 20,000 fields must not widen every row
MAX_ORDERS = 1000  # all of them stand in the metadata
AT_ONCE = 200
"""Documents decoded at a time; see ``encoder.AT_ONCE``."""
MAX_ORDER_NAMES = 512
"""A longer list of names would blow up the metadata; such a document is kept as its bytes."""


def survey(sample: Sequence[bytes]) -> Survey:
    """Count the types of each field, fields in order of first appearance."""
    kinds: Survey = {}
    for start in range(0, len(sample), AT_ONCE):
        for names, documents in _by_shape(sample[start : start + AT_ONCE]).items():
            for name, values in zip(names, zip(*documents, strict=True), strict=True):
                kinds.setdefault(name, Counter()).update(map(type, values))
    return kinds


def plan_columns(surveys: Iterable[Survey]) -> tuple[Column, ...]:
    """Choose the columns from surveys of the first documents: ``_id`` first, then by first appearance.

    With more than 256 different fields the most frequent ones get a column.
    """
    kinds: Survey = {"_id": Counter()}
    for fields in surveys:
        for name, types in fields.items():
            kinds.setdefault(name, Counter()).update(types)
    chosen = set(sorted(kinds, key=lambda name: (name != "_id", -kinds[name].total()))[:MAX_COLUMNS])
    return tuple(Column(name, _dominant(types)) for name, types in kinds.items() if name in chosen)


def _by_shape(sample: Sequence[bytes]) -> dict[tuple[str, ...], list[Iterable[Any]]]:
    """The values of the documents, together by their lists of names, in order of first appearance."""
    shapes: dict[tuple[str, ...], list[Iterable[Any]]] = {}
    for document in decode_all(sample):
        if document:
            shapes.setdefault(tuple(document), []).append(document.values())
    return shapes


def _dominant(kinds: Counter[type]) -> ColumnType:
    # The most frequent kind may have no column type: a field that is mostly null takes that of its values.
    for kind, _ in kinds.most_common():
        name = column_type(kind)
        if name is not None:
            return name
    return "string"


def order_of(names: tuple[str, ...], columns: dict[str, int]) -> bool:
    """Whether fields in this order need no entry: first those with a column, as the header has them, then the rest."""
    last = -1
    for name in names:
        position = columns.get(name, len(columns))
        if position < last:
            return False
        last = position
    return True


class Orders:
    """The numbered field orders of a file, growing up to ``MAX_ORDERS``."""

    def __init__(self, known: Iterable[tuple[str, ...]] = ()) -> None:
        self._numbers = {names: number for number, names in enumerate(known)}

    def number(self, names: tuple[str, ...]) -> int | None:
        """The number of an order, given now if it has none; ``None`` when there is no room for it."""
        number = self._numbers.get(names)
        if number is None and len(self._numbers) < MAX_ORDERS and len(names) <= MAX_ORDER_NAMES:
            number = self._numbers[names] = len(self._numbers)
        return number

    @property
    def known(self) -> tuple[tuple[str, ...], ...]:
        """All orders by number."""
        return tuple(self._numbers)


def field_names(columns: Sequence[Column]) -> dict[str, Any]:
    """Positions of the columns by name."""
    return {column.name: position for position, column in enumerate(columns)}
