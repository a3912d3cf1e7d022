"""What one visitor is doing with the list: the query, the page, the edits not yet saved. Kept in the session and, as
far as a link should carry it, in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import streamlit as st

from equipment.domain.query import Query, from_params, is_managed
from equipment.domain.record import text
from equipment.store.list.records import Entry
from equipment.ui.context import App

KEY: Final = "records_state"
SECTION: Final = "records_section"
"""Key of the widget that chooses the section (Browse, Edit, …)."""
FIRST_SECTION: Final = "Browse"
RECORD, PAGE, SIZE, PART, RETIRED = "id", "page", "rows", "section", "retired"
DEFAULT_SIZE: Final = 50
DEFAULT_SORT: Final = "ID"
MOST_PARAMETERS: Final = 500
MOST_VALUES: Final = 1_000
LONGEST_PARAMETER: Final = 10_000
"""Characters. What the page writes into an address is far below these bounds, but for single values that are longer:
such a link shows the list without that filter."""


@dataclass
class Pending:
    """Edits of one record that are not saved: the record as it was seen first, and the new text by column."""

    seen: Entry
    typed: dict[str, str] = field(default_factory=dict)


@dataclass
class State:
    """One visitor's state; ``generation`` changes whenever widgets must forget what they show."""

    query: Query = field(default_factory=lambda: Query(sort=DEFAULT_SORT))
    page: int = 1
    size: int = DEFAULT_SIZE
    opened: str = ""
    section: str = FIRST_SECTION
    generation: int = 0
    pending: dict[str, Pending] = field(default_factory=dict)
    owner: str = ""
    """Whose edits these are: the account's name."""
    editing: Entry | None = None
    """The record whose page shows a form, as it was seen when that was opened."""
    before_form: dict[str, str] = field(default_factory=dict)
    """Edits of that record that were there before the form, which *Cancel* leaves."""
    grid: Any = None
    """What the edit grid was last fed, see ``edit``."""
    ticked: dict[str, None] = field(default_factory=dict)
    """Keys of the ticked records, in the order of ticking, on whatever page of the list they stand."""
    with_retired: bool = False
    """Whether the whole list has the retired things too, which it leaves out at first."""
    written: dict[str, list[str]] = field(default_factory=dict)
    """The address as this screen last wrote it."""

    def ask(self, query: Query, *, keep_widgets: bool = False) -> None:
        """Look for something else, from the first page on.

        Another order keeps what is ticked; other filters do not, as one would act on records that are out of sight.
        """
        if replace(query, sort=self.query.sort, descending=self.query.descending) != self.query:
            self.ticked.clear()
        self.query = query
        self.page = 1
        if not keep_widgets:
            self.generation += 1

    @property
    def viewed(self) -> Query:
        """What the list shows: the query, and without retired things where it asks for nothing."""
        return replace(self.query, active=not self.query.is_filtering and not self.with_retired)

    def show_retired(self, wanted: bool) -> None:
        """Show the retired things in the whole list, or leave them out again."""
        self.with_retired = wanted
        self.ticked.clear()
        self.page = 1
        self.renew()

    def refresh(self) -> None:
        """Make widgets forget their selection and edits."""
        self.ticked.clear()
        self.renew()

    def renew(self) -> None:
        """Make widgets anew, with the ticks there are."""
        self.generation += 1
        self.grid = None

    def edit(self, entry: Entry, name: str, words: str) -> None:
        """Keep an edit of one cell until it is saved or dropped; the words that were seen there are no edit."""
        pending = self.pending.get(entry.key) or Pending(entry)
        if words == text(pending.seen.record.get(name)):
            self.drop(entry.key, name)
        else:
            pending.typed[name] = words
            self.pending[entry.key] = pending

    def drop(self, key: str, name: str) -> None:
        """Forget the edit of one cell, if there is one."""
        if key in self.pending:
            self.pending[key].typed.pop(name, None)
            if not self.pending[key].typed:
                del self.pending[key]

    @property
    def edits(self) -> int:
        """How many cells are edited and not saved."""
        return sum(len(pending.typed) for pending in self.pending.values())

    @property
    def is_at_the_top(self) -> bool:
        """Whether this looks at the beginning of the whole list, in its usual order."""
        return (self.section == FIRST_SECTION and not self.opened and self.page == 1
                and self.query == Query(sort=DEFAULT_SORT))

    def key(self, name: str) -> str:
        """Name a widget so that it is made anew when the generation changes."""
        return f"records_{name}_{self.generation}"


def current() -> State:
    """Give this visitor's state; made from the address at first, and again when that was changed from outside."""
    state: State = st.session_state.setdefault(KEY, State())
    address = _address()
    if address != state.written:
        _read(state, address)
        state.written = address
    return state


def hand_over(name: str) -> State:
    """Give the state to whoever is signed in: somebody else on the same page does not inherit edits."""
    state = current()
    if state.owner not in ("", name):
        state.pending.clear()
        state.editing = None
        state.refresh()
    state.owner = name
    return state


def publish(state: State) -> None:
    """Write to the address what a link to this view needs."""
    wanted = _wanted(state)
    for name in _address():
        if name not in wanted:
            del st.query_params[name]
    for name, values in wanted.items():
        if st.query_params.get_all(name) != values:
            st.query_params[name] = values
    state.written = wanted


def go(section: str) -> None:
    """Open a section, also from a record's page; for callbacks, before its widget is drawn."""
    state = current()
    state.section, state.opened, state.editing = section, "", None
    st.session_state[SECTION] = section


def open_record(key: str) -> None:
    """Open a record's own page; for callbacks."""
    state = current()
    state.opened, state.editing = key, None
    state.renew()
    publish(state)


def drop(key: str, name: str) -> None:
    """Drop the edit of one cell; for callbacks. The grid is fed anew, as it still shows what was typed."""
    state = current()
    state.drop(key, name)
    state.refresh()


def asks_anew(_app: App, drawn: Query, /) -> bool:
    """Whether this visitor looks for something else than what was ``drawn``."""
    return current().query != drawn


def is_unsaved() -> bool:
    """Whether this visitor has edits that are not saved."""
    state: State | None = st.session_state.get(KEY)
    return state is not None and bool(state.pending)


def unsaved(state: State) -> str:
    """Say how much is edited and not saved."""
    edits, records = state.edits, len(state.pending)
    return f"{edits} edit{'s' * (edits != 1)} in {records} record{'s' * (records != 1)}"


def today() -> date:
    """Give the day on which due dates are judged: the server's."""
    return date.today()


def setter(change: Callable[[State, Any], None], key: str) -> None:
    """Apply a widget's new value to the state; the callback of toolbar widgets."""
    change(st.session_state[KEY], st.session_state[key])


def _address() -> dict[str, list[str]]:
    return {
        name: st.query_params.get_all(name)
        for name in st.query_params
        if is_managed(name) or name in (RECORD, PAGE, SIZE, PART)
    }


def _wanted(state: State) -> dict[str, list[str]]:
    wanted = state.query.to_params()
    if state.query.sort == DEFAULT_SORT and not state.query.descending:
        wanted.pop("sort", None)
    usual_values = ((PAGE, state.page, 1), (SIZE, state.size, DEFAULT_SIZE), (RECORD, state.opened, ""),
                    (PART, state.section, FIRST_SECTION))
    for name, value, usual in usual_values:
        if value != usual:
            wanted[name] = [str(value)]
    if state.with_retired:
        wanted[RETIRED] = ["yes"]
    return wanted


def _read(state: State, address: dict[str, list[str]]) -> None:
    address = _bounded(address)
    query = replace(from_params(address), active=False)  # ``viewed`` decides
    state.with_retired = _one(address, RETIRED) == "yes"
    state.ask(query if query.sort else Query(**{**vars(query), "sort": DEFAULT_SORT}))
    state.opened = _one(address, RECORD)
    state.section = _one(address, PART) or FIRST_SECTION
    st.session_state.pop(SECTION, None)
    state.page = _number(_one(address, PAGE), 1)
    state.size = min(_number(_one(address, SIZE), DEFAULT_SIZE), 200)


def _bounded(address: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out of an address what nobody means: anybody may have written it, and it comes with every click."""
    kept = {name: [value for value in values[:MOST_VALUES] if len(value) <= LONGEST_PARAMETER]
            for name, values in list(address.items())[:MOST_PARAMETERS] if len(name) <= LONGEST_PARAMETER}
    return {name: values for name, values in kept.items() if values}


def _one(address: dict[str, list[str]], name: str) -> str:
    return next(iter(address.get(name, [])), "")


def _number(words: str, usual: int) -> int:
    # Cut before it is read: int raises ValueError beyond 4,300 digits, and an address may hold more.
    return int(words) if words.isascii() and words.isdigit() and 0 < int(words[:9]) < 10**8 else usual
