"""QR labels for the selected records."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.record import ID, SERIAL, name_of, text
from equipment.exchange import labels
from equipment.exchange.labels import SHEETS, Label, Sheet
from equipment.store.list import records
from equipment.store.list.records import Entry
from equipment.ui import links
from equipment.ui.context import App

MAX_LABELS = 2_000


@st.dialog("QR labels", width="medium")
def dialog(app: App, chosen: list[Entry], total: int) -> None:
    """Offer a sheet of labels for the ticked records."""
    del total
    show(app, [entry.key for entry in chosen])


def show(app: App, keys: Sequence[str]) -> None:
    """Draw the choice of sheet and the download of labels for these records."""
    st.write(f"{len(keys):,} labels. Each code opens its record in this app.")
    sheet = st.selectbox("Sheet", SHEETS, format_func=lambda offered: offered.name, key="label_sheet")
    base = st.text_input("Address of this app", value=links.app_address(app.settings), key="label_base",
                         help="Phones that scan a label must be able to reach this address.")
    if len(keys) > MAX_LABELS:
        st.warning(f"At most {MAX_LABELS:,} labels at once. Narrow the selection.")
        return
    try:
        page = _page(app, keys, sheet, base)
    except BackupError as error:
        st.error(str(error))
        return
    st.download_button("Download label sheet", page, "labels.html", "text/html", icon=":material/qr_code_2:",
                       type="primary", on_click="ignore")
    st.caption("Open the file in a browser and print it at 100 %, without page headers.")


def _page(app: App, keys: Sequence[str], sheet: Sheet, base: str) -> str:
    made = [
        Label(
            entry.key, (text(entry.record.get(ID)), name_of({**entry.record, ID: ""}), text(entry.record.get(SERIAL)))
        )
        for entry in records.entries(app.database, keys)
    ]
    return labels.page(made, sheet, base)
