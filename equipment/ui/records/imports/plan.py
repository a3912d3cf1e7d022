"""What the columns of the file are, which record a row is, and what would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from weakref import ref

import pandas as pd
import streamlit as st

from backup_engine.errors import BackupError
from backup_engine.model import SILENT, Watch
from equipment import backups, before_many
from equipment.aside import imports as imports_aside
from equipment.domain.column_names import suggest
from equipment.domain.record import ID, USUAL_COLUMNS
from equipment.domain.values.dates import Order
from equipment.exchange import date_columns, identities, importing, settling
from equipment.exchange.identities import Identity
from equipment.exchange.plan import Plan
from equipment.exchange.reading.tables import Table
from equipment.server import application
from equipment.store.list import listing, schema
from equipment.ui import list_jobs
from equipment.ui.context import App
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain
from equipment.ui.records.imports import dates, differences
from equipment.ui.records.imports.reading import SAID, explain

PLAN, MAPPED, MEASURED = "import_plan", "import_mapped", "import_measured"
GIVE, LEAVE, STOP = "Give new IDs", "Leave these rows out", "Stop: import nothing"
TOO_MANY = (f"You may add records, and change up to {importing.MANY} that are there. For more it takes the right to "
            "change many at once: ask a manager to import this file.")


def show(app: App, table: Table, kind: str, name: str) -> None:
    """Draw the columns, the question what tells records apart, the differences, and the button that does it."""
    columns = [column.name for column in schema.columns(app.database, hidden=True)]
    mapping = _mapping(table, columns)
    try:
        rows, proposed = _mapped(app, table, mapping)
    except BackupError as error:
        explain(error)
        return
    identity = _identity(app, rows, [column for column in mapping.values() if column], proposed)
    clear = st.checkbox("Empty cells clear the field", value=False,
                        help="Off: an empty cell leaves what the record has.")
    date_orders, rewriting = dates.ask(app, table, rows, st.session_state[MAPPED][0])
    if not st.button("Show what would change", icon=":material/difference:") and PLAN not in st.session_state:
        return
    planned = _remembered(app, rows, identity, clear, rewriting)
    if planned is not None:
        run = partial(imports_aside.run, app.settings, date_orders=date_orders, note=f"from {name}")
        _review(app, planned, identity, kind, run)


def _mapped(app: App, table: Table, mapping: dict[str, str]) -> tuple[importing.Mapped, tuple[str, ...]]:
    """Give the rows under the names chosen and the columns proposed to tell them apart; once, while neither changes."""
    wanted = table.headers, table.read_as, len(table.rows), tuple(mapping.items()), st.session_state.get(SAID, ("",))[0]
    known = st.session_state.get(MAPPED)
    if known is None or known[0] != wanted:
        rows = importing.apply_mapping(table, mapping)
        used = [column for column in mapping.values() if column]
        known = st.session_state[MAPPED] = wanted, rows, identities.propose(rows, used, listing.sheet(app.database))
    mapped: tuple[importing.Mapped, tuple[str, ...]] = known[1:]
    return mapped


def _identity(app: App, rows: importing.Mapped, used: list[str], proposed: tuple[str, ...]) -> tuple[str, ...]:
    chosen = st.multiselect(
        "What tells the records apart?", used, default=list(proposed), key=f"import_identity_{hash((proposed, *used))}",
        placeholder="Nothing: a row is the record that says just the same, or else a new one",
        help="A row whose values in these columns are in the list updates that record; other rows are added. Neither "
             "case nor blanks around count. A row without such a value is the record that says exactly the same, or "
             "else a new one.")
    if chosen:
        found = _measured(app, rows, tuple(chosen))
        st.caption(f"{'' if found.sure else ':material/warning: '}{plain(found.said)}")
    return tuple(chosen)


def _measured(app: App, rows: importing.Mapped, chosen: tuple[str, ...]) -> Identity:
    """Count how often these columns are filled; once, while neither the file nor the list is another one."""
    sheet, wanted = listing.sheet(app.database), (st.session_state[MAPPED][0], chosen)
    known = st.session_state.get(MEASURED)
    if known is None or known[0] != wanted or known[1]() is not sheet:
        known = st.session_state[MEASURED] = wanted, ref(sheet), identities.measure(rows, chosen, sheet)
    found: Identity = known[2]
    return found


def _mapping(table: Table, columns: Sequence[str]) -> dict[str, str]:
    suggested = suggest(table.headers, [*columns, *USUAL_COLUMNS])
    given = pd.DataFrame([
        {"In the file": header, "Example": table.example(place),
         "Goes to": suggested[header] or header, "Import": bool(suggested[header])}
        for place, header in enumerate(table.headers)
    ])
    with st.expander(f"Columns: {len(table.headers)}, records: {len(table.rows):,}", expanded=True,
                     icon=":material/view_column:"):
        edited = st.data_editor(
            given, hide_index=True, width="stretch", disabled=["In the file", "Example"],
            key=f"import_mapping_{hash(table.headers)}",
            column_config={"Goes to": st.column_config.TextColumn(help="A column of the list, or a new name",
                                                                  required=True)},
        )
    return {str(row["In the file"]): str(row["Goes to"]) if row["Import"] else importing.LEAVE_OUT
            for row in edited.to_dict("records")}


def _remembered(
    app: App, rows: importing.Mapped, identity: tuple[str, ...], clear: bool, rewriting: Mapping[str, Order]
) -> Plan | None:
    wanted = st.session_state[MAPPED][0], identity, clear, tuple(rewriting.items())
    known = st.session_state.get(PLAN)
    if known is None or known[0] != wanted:
        try:
            with st.spinner("Comparing with the list"):
                asked = date_columns.written(rows, rewriting)
                known = wanted, imports_aside.plan(app.settings, app.database, asked, identity, clear_empty=clear,
                                                   watch=SILENT)
        except BackupError as error:
            explain(error)
            return None
        st.session_state[PLAN] = known
    planned: Plan = known[1]
    return planned


def _review(
    app: App, planned: Plan, identity: tuple[str, ...], kind: str, run: Callable[..., importing.Imported]
) -> None:
    counts = planned.counts
    cards = metric_cards.row()
    for action, label in differences.LABELS.items():
        cards.metric(label, f"{counts[action]:,}", border=True)
    differences.show(planned)
    taken, choice = len(settling.settle(app.database, planned).taken), GIVE
    if taken:
        what = "new row brings an ID that is taken" if taken == 1 else "new rows bring an ID that is taken"
        choice = str(st.radio(f"{taken:,} {what}", [GIVE, LEAVE, STOP], horizontal=True,
                              help="By a record of the list, of the trash, or by another row."))
    writing = counts["insert"] + counts["update"] - (taken if choice == LEAVE else 0)
    meant = _is_meant(planned, identity)
    permitted = counts["update"] <= importing.MANY or app.may("records.bulk_edit")
    if not permitted:
        st.warning(TOO_MANY, icon=":material/lock:")
    if promise := before_many.promise(writing):
        st.caption(plain(promise))
    if st.button(f"Import {writing:,} {'record' if writing == 1 else 'records'}", type="primary",
                 disabled=not writing or app.read_only or choice == STOP or not meant or not permitted):
        list_jobs.start(app, kind, "Import", "records.import",
                        lambda watch: _run(app, planned, writing, choice == LEAVE, run, watch))
        st.session_state.pop(PLAN, None)
        st.rerun()


def _run(
    app: App, planned: Plan, writing: int, leave: bool, run: Callable[..., importing.Imported],
    watch: Watch
) -> importing.Imported:
    before_many.back_up(backups.of(app.settings, application.connector(app.settings)), writing, watch)
    return run(app.database, app.who, planned, skip_taken=leave, watch=watch)


def _is_meant(planned: Plan, identity: tuple[str, ...]) -> bool:
    """Ask when the numbers of the file seem to be another list's."""
    others, known = planned.others, planned.known
    if identity != (ID,) or others * 2 <= known:
        return True
    st.warning(f"In {others:,} of the {known:,} records that have the ID of a row, most fields say something else: "
               "this looks like another list with numbers of its own. Choose other columns above to tell records "
               "apart, or none, so that its rows become new records.", icon=":material/warning:")
    return st.checkbox("They are the same things: overwrite what these records say")
