"""What the columns of the file are, which record a row is, and what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from backup_engine.errors import BackupError
from backup_engine.records.planner import Action, Planned
from backup_engine.records.raw import element_text, name_text
from equipment.domain.column_names import suggest
from equipment.domain.record import USUAL_COLUMNS
from equipment.exchange import importing, numbering
from equipment.exchange.reading.tables import Table
from equipment.store.list import schema
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs
from equipment.ui.records.imports.reading import explain

PLAN = "import_plan"
NEW = "None: what no record equals is new"
GIVE, LEAVE = "Give new IDs", "Leave these rows out"
SHOWN = 2_000
LABELS: dict[Action, str] = {"insert": "New", "update": "Changed", "unchanged": "Unchanged", "conflict": "Left out"}


def show(app: App, table: Table, kind: str, name: str) -> None:
    """Draw the columns, the question what tells records apart, the differences, and the button that does it."""
    columns = [column.name for column in schema.columns(app.database, hidden=True)]
    mapping = _mapping(table, columns)
    try:
        rows = importing.apply_mapping(table, mapping)
    except BackupError as error:
        explain(error)
        return
    used = [column for column in mapping.values() if column]
    identity = st.selectbox("Which column tells the records apart?", [*importing.identities(rows, used), NEW],
                            help="A row whose value is in the list updates that record; other rows are added. Without "
                                 "a value a row is the record that says exactly the same, or else a new one.")
    clear = st.checkbox("Empty cells clear the field", value=False,
                        help="Off: an empty cell leaves what the record has.")
    if not st.button("Show what would change", icon=":material/difference:") and PLAN not in st.session_state:
        return
    planned = _remembered(app, rows, None if identity == NEW else str(identity), clear)
    if planned is not None:
        _review(app, planned, kind, name)


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


def _remembered(app: App, rows: importing.Mapped, identity: str | None, clear: bool) -> list[Planned] | None:
    wanted = (hash(tuple(tuple(row.items()) for row in rows)), identity, clear)
    known = st.session_state.get(PLAN)
    if known is None or known[0] != wanted:
        try:
            with st.spinner("Comparing with the list"):
                known = wanted, importing.plan(app.database, rows, identity, clear_empty=clear)
        except BackupError as error:
            explain(error)
            return None
        st.session_state[PLAN] = known
    planned: list[Planned] = known[1]
    return planned


def _review(app: App, planned: Sequence[Planned], kind: str, name: str) -> None:
    counts = Counter(entry.action for entry in planned)
    for column, (action, label) in zip(st.columns(len(LABELS)), LABELS.items(), strict=True):
        column.metric(label, f"{counts[action]:,}", border=True)
    st.dataframe(_differences(planned), hide_index=True, width="stretch", height=320)
    taken, skip = len(numbering.settle(app.database, planned).taken), False
    if taken:
        what = "new row brings an ID that is taken" if taken == 1 else "new rows bring an ID that is taken"
        skip = st.radio(f"{taken:,} {what}", [GIVE, LEAVE], horizontal=True,
                        help="By a record of the list, of the trash, or by another row.") == LEAVE
    writing = counts["insert"] + counts["update"] - (taken if skip else 0)
    if st.button(f"Import {writing:,} records", type="primary", disabled=not writing or app.read_only):
        list_jobs().start(kind, "Import", app.account.name,
                      lambda watch: importing.run(app.database, app.who, planned, skip_taken=skip, note=f"from {name}",
                                                       watch=watch))
        st.session_state.pop(PLAN, None)
        st.rerun()


def _differences(planned: Sequence[Planned]) -> pd.DataFrame:
    lines: list[dict[str, object]] = []
    for entry in planned:
        if len(lines) >= SHOWN or entry.action == "unchanged":
            continue
        if entry.action == "conflict":
            lines.append({"Row": entry.row, "What": "Left out", "Field": "", "Now": "", "New": entry.why})
        for field in entry.fields if entry.action == "update" else ():
            lines.append({"Row": entry.row, "What": "Changed", "Field": name_text(field.name),
                          "Now": element_text(field.before), "New": element_text(field.after)})
        if entry.action == "insert":
            texts = [element_text(field.after) for field in entry.fields
                     if name_text(field.name) not in ("_id", "uuid")]
            summary = " · ".join(filter(None, texts))
            lines.append({"Row": entry.row, "What": "New", "Field": "", "Now": "", "New": summary})
    return pd.DataFrame(lines, columns=["Row", "What", "Field", "Now", "New"])
