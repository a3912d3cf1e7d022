"""Trash: what was moved out of the list, who did it and when; bring back many at once, or delete for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from backup_engine.errors import FreshSignInNeeded
from equipment.domain.counting import number_of
from equipment.domain.record import name_of, text
from equipment.store.list import trash, undoable
from equipment.store.list.records import Entry, Saved
from equipment.store.list.trash import Trashed
from equipment.ui import boundary, time_zone
from equipment.ui.context import App
from equipment.ui.entrance import again
from equipment.ui.parts import chosen_rows
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing

TICKED: Final = "trash_ticked"
GONE: Final = "trash_gone"
"""Numbers that this page has asked to delete: a second click on the same button does nothing."""
NAMED: Final = 5
"""Records that the question names."""
SHOWN: Final = ("ID", "Category", "Vendor", "Model", "Serial", "Location")


def show(app: App) -> None:
    """Draw the section."""
    shown = trash.entries(app.database)
    if not shown:
        st.space("small")
        st.caption(":material/delete: The trash is empty. Records moved here can be brought back at any time.")
        return
    total = trash.count(app.database)
    st.caption(
        f"{number_of(total, 'record')}; everything here can be brought back exactly as it was."
        + (f" The last {len(shown)} are shown." if total > len(shown) else "")
    )
    ticked = [trashed for trashed in shown if trashed.number in chosen_rows.chosen(TICKED)]
    _buttons(app, ticked)
    chosen_rows.draw(TICKED, _frame(shown), [trashed.number for trashed in shown], many=True, placeholder="",
                     alt="Records in the trash")


def move(app: App, ticked: list[Entry], total: int) -> None:
    """Move ticked records to the trash; the action over the list."""
    number, done = undoable.move_to_trash(app.database, app.who, ticked)
    gone = [saved for saved in done if saved.status == "deleted"]
    names = name_of(ticked[0].record) if len(ticked) == 1 else f"{len(gone)} records"
    if gone:
        undoing.offer(number, f"Moved {names} to the trash.")
    _report(done, ("deleted",))
    state.current().opened = ""
    state.current().refresh()
    st.rerun()


def _buttons(app: App, ticked: Sequence[Trashed]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        many = f" {len(ticked)}" if ticked else ""
        if st.button(
            f"Bring back{many}",
            icon=":material/restore_from_trash:",
            disabled=not ticked,
            type="primary",
            key="trash_back",
        ):
            _bring_back(app, ticked)
        st.caption("Tick rows to bring them back" if not ticked else "", width="content")
        if app.may("records.purge"):
            st.space("xlarge")  # apart from the one that brings back, and not under the bar of the table's corner
            if st.button("Delete for good", icon=":material/delete_forever:", disabled=not ticked, key="trash_purge"):
                again.before(app)
                _purge(app, ticked)


def _bring_back(app: App, ticked: Sequence[Trashed]) -> None:
    done = trash.bring_back(app.database, app.who, [trashed.number for trashed in ticked])
    back = [saved for saved in done if saved.status == "inserted"]
    if back:
        names = name_of(back[0].entry.record) if len(back) == 1 and back[0].entry else f"{len(back)} records"
        st.toast(f"Brought back {plain(names)}", icon=":material/restore_from_trash:")
    _report([saved for saved in back if saved.why], (), icon=":material/tag:")
    _report(done, ("inserted",))
    chosen_rows.forget(TICKED)
    state.current().refresh()
    st.rerun()


def _report(done: Sequence[Saved], good: tuple[str, ...], icon: str = ":material/error:") -> None:
    bad = [saved for saved in done if saved.status not in good]
    for saved in bad[:3]:
        st.toast(
            plain(f"{name_of(saved.entry.record) if saved.entry else saved.key}: {saved.why}"),
            icon=icon,
            duration="long",
        )


@st.dialog("Delete for good?", icon=":material/delete_forever:")
def _purge(app: App, ticked: Sequence[Trashed]) -> None:
    with boundary.guard("Delete for good"):
        what = number_of(len(ticked), "record")
        names = [plain(name_of(trashed.entry.record)) for trashed in ticked[:NAMED]]
        more = f" and {len(ticked) - NAMED:,} more" if len(ticked) > NAMED else ""
        st.markdown(f"**{what}** will be gone from the trash: {', '.join(names)}{more}. "
                    "Backups that hold them, and the activity log, keep them.")
        typed = st.text_input(f"Type {trash.WORD} to confirm", key="trash_word")
        with st.container(horizontal=True):
            sure = st.button(f"Delete {what} for good", type="primary", disabled=typed != trash.WORD,
                             key="trash_purge_confirm")
            cancelled = st.button("Cancel", key="trash_purge_cancel")
        numbers = [trashed.number for trashed in ticked]
        if sure and typed == trash.WORD and st.session_state.get(GONE) != numbers:
            st.session_state[GONE] = numbers  # before: a second click comes while the first is at work
            try:
                trash.purge(app.database, app.who, numbers)
            except FreshSignInNeeded as error:  # the dialog stood open for ten minutes
                del st.session_state[GONE]
                again.if_needed(error)
            st.toast(f"Deleted {what} for good", icon=":material/delete_forever:")
            chosen_rows.forget(TICKED)
            state.current().refresh()
        if sure or cancelled:
            st.rerun()


def _frame(shown: Sequence[Trashed]) -> pd.DataFrame:
    some_live = any(trashed.is_live for trashed in shown)
    rows = [
        {
            "Moved": time_zone.shown_time(trashed.at),
            "By": trashed.by,
            **({"State": "In the list, in another version" if trashed.is_live else ""} if some_live else {}),
            **{name: text(trashed.entry.record.get(name)) for name in SHOWN},
        }
        for trashed in shown
    ]
    return pd.DataFrame(rows, dtype="str")
