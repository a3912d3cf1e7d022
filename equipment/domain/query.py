"""What someone is looking for in the list: one frozen value that screens, addresses and saved views share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal
from unicodedata import normalize

from backup_engine.records.folding import fold

Only = Literal["", "overdue", "due", "no serial", "same serial", "fine", "not needed", "no date", "cannot read"]
ONLY_LABELS: Mapping[Only, str] = {
    "overdue": "Overdue calibration", "due": "Due in 30 days", "no serial": "Without serial",
    "same serial": "Duplicate serials", "fine": "Calibration not due", "not needed": "No calibration needed",
    "no date": "No calibration date", "cannot read": "Unreadable calibration date",
}
COUNTED: tuple[Only, ...] = ("overdue", "due", "no serial", "same serial")
"""Those whose numbers always stand above the list; the others are opened from *Calibration*."""
EMPTY_LABEL = "(empty)"
_PREFIXES = {"is": "choices", "has": "contains", "from": "lows", "to": "highs"}


@dataclass(frozen=True)
class Query:
    """Filters and order of the list. Column filters: ``choices`` (one of these texts), ``contains`` (literal),
    ``lows`` and ``highs`` (inclusive; a number, or a date as ISO text)."""

    text: str = ""
    only: Only = ""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    lows: Mapping[str, str] = field(default_factory=dict)
    highs: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    active: bool = False
    """Whether retired things are left out. The list asks so where nothing else is asked; everything else has all."""

    def __post_init__(self) -> None:
        # As the sheet counts values: one that an address spells in the other way is no choice of its own.
        composed = {column: tuple(normalize("NFC", value) for value in values)
                    for column, values in self.choices.items()}
        object.__setattr__(self, "choices", composed)

    @property
    def is_filtering(self) -> bool:
        """Whether it hides anything."""
        return bool(self.text.strip() or self.only or self.choices or self.contains or self.lows or self.highs)

    def terms(self) -> list[str]:
        """Give the folded literal terms that must all occur; ``"two words"`` is one term."""
        return terms_of(self.text)

    def having(self, kind: str, column: str, value: Any) -> Query:
        """Set one column filter of ``kind`` (``choices``, ``contains``, ``lows``, ``highs``); empty removes it."""
        now = dict(getattr(self, kind))
        now.pop(column, None)
        if value:
            now[column] = tuple(value) if kind == "choices" else value
        changed: Any = {kind: now}
        return replace(self, **changed)

    def cleared(self) -> Query:
        """Drop every filter and keep the order."""
        return Query(sort=self.sort, descending=self.descending)

    def chips(self) -> list[tuple[str, Query]]:
        """Give each filter in words, with the query that is left without it."""
        chips: list[tuple[str, Query]] = []
        if self.text.strip():
            chips.append((f"Search: {self.text.strip()}", replace(self, text="")))
        if self.only:
            chips.append((ONLY_LABELS[self.only], replace(self, only="")))
        for column, values in self.choices.items():
            for value in values:
                rest = [kept for kept in values if kept != value]
                chips.append((f"{column}: {value or EMPTY_LABEL}", self.having("choices", column, rest)))
        for column, part in self.contains.items():
            chips.append((f"{column} contains {part}", self.having("contains", column, "")))
        for column in dict.fromkeys([*self.lows, *self.highs]):
            words = f"{column}: {self.lows.get(column, '…')} – {self.highs.get(column, '…')}"
            chips.append((words, self.having("lows", column, "").having("highs", column, "")))
        return chips

    def to_params(self) -> dict[str, list[str]]:
        """Write it as the parameters of an address."""
        params = {"q": [self.text.strip()], "only": [self.only.replace(" ", "-")],
                  "sort": [("-" if self.descending else "") + self.sort], "retired": ["no" if self.active else ""]}
        for prefix, name in _PREFIXES.items():
            for column, value in getattr(self, name).items():
                params[f"{prefix}.{column}"] = list(value) if name == "choices" else [value]
        # Here an empty text is a choice: the cells that are empty.
        keep_empty = {name for name in params if name.startswith("is.")}
        return {name: values for name, values in params.items() if name in keep_empty or values[0].strip("-")}

    def to_document(self) -> dict[str, Any]:
        """Write it for a saved view: lists of pairs, so that a column may have any name."""
        plain: dict[str, Any] = {}
        for part in fields(self):
            value = getattr(self, part.name)
            plain[part.name] = [[k, list(v) if isinstance(v, tuple) else v] for k, v in value.items()] if isinstance(
                value, Mapping) else value
        return plain


def from_document(plain: Mapping[str, Any]) -> Query:
    """Read what ``Query.to_document`` wrote; unknown keys are ignored."""
    known: dict[str, Any] = {}
    for part in fields(Query):
        value = plain.get(part.name)
        if isinstance(value, list):
            known[part.name] = {k: tuple(v) if isinstance(v, list) else v for k, v in value}
        elif value is not None:
            known[part.name] = value
    return Query(**known)


def from_params(params: Mapping[str, Sequence[str]]) -> Query:
    """Read the parameters of an address; anything else in it is ignored."""
    query = Query(text=_first(params, "q"))
    only = _first(params, "only").replace("-", " ")
    known: dict[str, Only] = {name: name for name in ONLY_LABELS}
    if only in known:
        query = replace(query, only=known[only])
    order = _first(params, "sort")
    query = replace(query, sort=order.removeprefix("-"), descending=order.startswith("-"),
                    active=_first(params, "retired") == "no")
    for name, values in params.items():
        prefix, _, column = name.partition(".")
        if column and prefix in _PREFIXES and values:
            kind = _PREFIXES[prefix]
            query = query.having(kind, column, list(values) if kind == "choices" else values[0])
    return query


def terms_of(text: str) -> list[str]:
    """Split a search into literal terms, folded; all but the space and a closed pair of quotes is ordinary."""
    terms: list[str] = []
    for position, part in enumerate(pieces := fold(text).split('"')):
        quoted = position % 2 == 1 and position < len(pieces) - 1
        unclosed = position % 2 == 1 and not quoted
        terms += [part] if quoted else ('"' + part if unclosed else part).split()
    return list(dict.fromkeys(term for term in terms if term))


def is_managed(name: str) -> bool:
    """Whether a parameter of the address belongs to the query."""
    return name in {"q", "only", "sort", "retired"} or (name.partition(".")[0] in _PREFIXES and "." in name)


def _first(params: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(params.get(name, ())), "")
