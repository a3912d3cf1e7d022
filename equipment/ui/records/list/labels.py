"""QR labels for the selected records: which sheet, what stands on a label, how it will look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.counting import number_of
from equipment.domain.record import ID, SERIAL, UUID, Record, text
from equipment.exchange.labels import addresses, printing
from equipment.exchange.labels.printing import FINEST, Label
from equipment.exchange.labels.sheets import SHEETS, Sheet
from equipment.server import prefix
from equipment.store.list import records, schema
from equipment.store.list.records import Entry
from equipment.ui import asking, links
from equipment.ui.context import App
from equipment.ui.plain import plain

MAX_LABELS: Final = 2_000
NAME: Final = "Vendor and model"
"""Not a column: what the record is, in words; its description where neither is filled in."""
REMEMBERED: Final = "labels_remembered"


@st.dialog("QR labels", width="large")
def dialog(app: App, chosen: list[Entry], total: int) -> None:
    """Offer a sheet of labels for the ticked records."""
    del total
    show(app, [entry.key for entry in chosen])
    asking.cancel("labels", "Close")


def show(app: App, keys: Sequence[str]) -> None:
    """Draw the choices, the first sheet as it will be printed, and the download of labels for these records."""
    if len(keys) > MAX_LABELS:
        st.warning(f"At most {MAX_LABELS:,} labels at once. Narrow the selection.")
        return
    choices, shown = st.columns([2, 3], gap="medium")
    with choices:
        st.write(f"{number_of(len(keys), 'label')}. Each code opens its record in this app; the ID is always printed.")
        sheet, start = _sheet()
        fields, named = _fields(app)
        base = _address(app)
    try:
        base = addresses.checked(base)
        made = _labels(app, keys, fields, named)
    except BackupError as error:
        choices.error(plain(str(error)))
        return
    with choices:
        _offer(made, sheet, base, start)
    with shown:
        _preview(made, sheet, base, start)


def _sheet() -> tuple[Sheet, int]:
    """Ask for the sheet, and for the first label that is still on it."""
    names = [offered.name for offered in SHEETS]
    _recall("label_sheet", names[0])
    chosen = st.selectbox("Sheet", names, key="label_sheet", on_change=_remember, args=("label_sheet",))
    sheet = SHEETS[names.index(chosen)]
    if sheet.labels == 1:
        return sheet, 1
    start = st.number_input("Start at label", 1, sheet.labels, key=f"label_start_{sheet.name}",
                            help="For a sheet that was begun: counted from the upper left corner, row by row.")
    return sheet, int(start)


def _fields(app: App) -> tuple[list[str], bool]:
    """Ask what is printed below the ID, and whether with the names of the columns."""
    offered = [NAME, *(column.name for column in schema.columns(app.database) if column.name not in (ID, UUID))]
    _recall("label_fields", [NAME, SERIAL])
    _recall("label_named", True)
    # A column may have been deleted since it was chosen.
    st.session_state["label_fields"] = [field for field in st.session_state["label_fields"] if field in offered]
    fields = st.multiselect("Below the ID", offered, key="label_fields", on_change=_remember, args=("label_fields",),
                            help="In this order. What does not fit even in small letters ends in … or is left out.")
    named = st.checkbox("With the names of the columns", key="label_named", on_change=_remember, args=("label_named",))
    return fields, named


def _address(app: App) -> str:
    base = st.text_input("Address of this app", value=links.app_address(app.settings), key="label_base",
                         help="Phones that scan a label must be able to reach this address.")
    if addresses.only_here(base):
        st.warning("This address leads every phone to itself, not to this app. Type the one that others use to open "
                   "the app; whoever runs it can set it once for all as `EQUIPMENT_PUBLIC_URL`.")
    elif not prefix.public_address(app.settings):
        st.caption("The address in your browser. Check that it lasts: `EQUIPMENT_PUBLIC_URL` is not set.")
    return base


def _offer(made: Sequence[Label], sheet: Sheet, base: str, start: int) -> None:
    longest = max((label.key for label in made), key=len, default="")
    if printing.square(sheet, base, longest) < FINEST:
        st.warning("The address is too long for labels of this size: the squares of the code are "
                   f"{printing.square(sheet, base, longest):.2f} mm wide. Take larger labels or a shorter address.")
    outlined = st.checkbox("Print the edges of the labels", key="label_outlined",
                           help="For a try on plain paper, held against the sheet of labels.")
    # Drawn when it is asked for: 200 codes take 0.8 s, and every choice above draws this dialog again.
    st.download_button(
        "Download label sheet", partial(printing.page, made, sheet, base, start=start, outlined=outlined),
        "labels.html", "text/html", icon=":material/qr_code_2:", type="primary", on_click="ignore",
    )
    st.caption("Open the file in a browser and print it at **100 %** (“Actual size”, not “Fit to page”), without "
               "headers and footers, on the paper size of the labels. *Save as PDF* is there as well.")


def _preview(made: Sequence[Label], sheet: Sheet, base: str, start: int) -> None:
    st.image(printing.preview(made, sheet, base, start=start), width="stretch", alt="The first sheet of labels")
    sheets = -(-(start - 1 + len(made)) // sheet.labels)
    st.caption(f"The first of {number_of(sheets, 'label')}." if sheet.labels == 1 else f"Sheet 1 of {sheets:,}.")


def _labels(app: App, keys: Sequence[str], fields: Sequence[str], named: bool) -> list[Label]:
    return [
        Label(entry.key, text(entry.record.get(ID)), tuple(_text(entry.record, field, named) for field in fields))
        for entry in records.entries(app.database, keys)
    ]


def _text(record: Record, field: str, named: bool) -> str:
    if field == NAME:
        what = " ".join(part for name in ("Vendor", "Model") if (part := text(record.get(name)).strip()))
        return what or text(record.get("Description"))
    value = text(record.get(field)).strip()
    return f"{field}: {value}" if named and value else value


def _recall(key: str, usual: Any) -> None:
    """Set a widget to what this visitor chose before: in a dialog it forgets that when it is closed."""
    if key not in st.session_state:
        st.session_state[key] = st.session_state.get(REMEMBERED, {}).get(key, usual)


def _remember(key: str) -> None:
    st.session_state.setdefault(REMEMBERED, {})[key] = st.session_state[key]
