"""The first records, while the index of a long list is being made: to be read, without search, order and pages."""

from __future__ import annotations

import streamlit as st

from equipment.store.list import records, schema
from equipment.ui.context import App
from equipment.ui.records import state, table

__all__ = ["show"]


def show(app: App) -> None:
    """Draw them as the database gives them."""
    entries, sheet = records.first(app.database, state.DEFAULT_SIZE)
    columns = schema.columns(app.database, sheet=sheet)
    config = {column.name: st.column_config.TextColumn(width=table.width(column)) for column in columns}
    st.dataframe(table.arrow(entries, columns), hide_index=True, column_order=table.order(columns),
                 column_config=config, height=table.height(len(entries)), placeholder="",
                 alt="The first records of the equipment list")
