"""Review & Save: every edit with what is stored now and what will be, conflicts decided field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from equipment.domain import warnings
from equipment.domain.edits import Choice, FieldEdit, chosen, field_edits, undecided
from equipment.domain.record import name_of, text
from equipment.domain.values.fields import FieldType
from equipment.store.list import listing, records, schema, undoable
from equipment.store.list.records import Entry, Save
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import pending, undoing
from equipment.ui.records.state import Pending, State
from equipment.ui.records.table import brief, field_label

LABELS: Mapping[Choice, str] = {"mine": "Mine", "theirs": "Theirs"}


@dataclass(frozen=True)
class Reviewed:
    """One record with edits: as it is stored now (None when it is gone), and cell by cell."""

    pending: Pending
    stored: Entry | None
    edits: list[FieldEdit]


# Edits may be dropped in it: closed with its cross, the page behind must be drawn anew as well.
@st.dialog("Review & Save", width="large", icon=":material/rule:", on_dismiss="rerun")
def dialog(app: App) -> None:
    """Draw the review over the page."""
    with boundary.guard("Review & Save"):
        _body(app, state.current())


def _body(app: App, now: State) -> None:
    reviewed = look(app, now)
    conflicts = sum(edit.in_conflict for review in reviewed for edit in review.edits)
    if conflicts:
        st.warning(
            "Someone else has changed the same cells since you began. Choose which value stays.",
            title=f"{conflicts} conflict{'s' * (conflicts != 1)}",
            icon=":material/group:",
        )
    types = schema.types(app.database)
    choices = {review.pending.seen.key: _record(app, types, review) for review in reviewed}
    open_questions = sum(len(undecided(review.edits, choices[review.pending.seen.key])) for review in reviewed)
    with st.container(horizontal=True, vertical_alignment="center"):
        unready = bool(open_questions) or all(review.stored is None for review in reviewed)
        if st.button("Save", type="primary", icon=":material/save:", disabled=unready, key="review_save"):
            _save(app, now, reviewed, choices)
        if st.button("Back to editing", key="review_back"):
            st.rerun()
        if open_questions:
            st.caption(f"{open_questions} still to decide", width="content")
        if not reviewed:
            st.caption("No edits are left.", width="content")


def look(app: App, now: State) -> list[Reviewed]:
    """Compare the pending edits with what is stored at this moment."""
    stored = {entry.key: entry for entry in records.entries(app.database, list(now.pending))}
    reviewed = []
    for key, edited in now.pending.items():
        entry = stored.get(key)
        edits = field_edits(edited.seen.record, entry.record, edited.typed) if entry else []
        reviewed.append(Reviewed(edited, entry, edits))
    return reviewed


def _record(app: App, types: Mapping[str, FieldType], review: Reviewed) -> dict[str, Choice]:
    key = review.pending.seen.key
    choices: dict[str, Choice] = {}
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{plain(name_of(review.pending.seen.record))}**")
        if review.stored is None:
            st.error(
                "This record is no longer in the list: someone moved it to the trash. Your edits to it cannot be "
                "saved unless it is brought back.",
                icon=":material/delete:",
            )
        _lines(review)
        for edit in review.edits:
            if edit.in_conflict and (choice := _decide(key, edit)):
                choices[edit.name] = choice
        texts = {edit.name: text(edit.mine) for edit in review.edits}
        for warning in warnings.of_edits(listing.sheet(app.database), types, key, texts):
            st.warning(plain(warning), icon=":material/warning:")
    return choices


def _lines(review: Reviewed) -> None:
    """One line a cell: its field, what is stored now (for a record that is gone: was), what will be, and a way out."""
    _line("Field", "Now", "New", gray=True)
    for name, words in review.pending.typed.items():
        edit = next((edit for edit in review.edits if edit.name == name), None)
        now = review.pending.seen.record.get(name) if edit is None else edit.now
        new = f":red[{plain(edit.problem)}]" if edit and edit.problem else f"**{brief(edit.mine if edit else words)}**"
        with _line(plain(name), brief(now), new):
            pending.drop_button(review.pending.seen.key, name, "review")


def _line(*words: str, gray: bool = False) -> DeltaGenerator:
    *places, last = st.columns((3, 4, 4, 2), vertical_alignment="center")
    for place, word in zip(places, words, strict=True):
        place.markdown(f":gray[{word}]" if gray else word)
    return last


def _decide(key: str, edit: FieldEdit) -> Choice | None:
    return st.segmented_control(
        f"{field_label(edit.name)}: you began with “{brief(edit.seen)}”, now it is “{brief(edit.now)}”",
        list(LABELS),
        format_func=lambda side: f"{LABELS[side]}: {brief(edit.mine if side == 'mine' else edit.now)}",
        key=f"review_{key}_{edit.name}",
    )


def _save(app: App, now: State, reviewed: list[Reviewed], choices: Mapping[str, Mapping[str, Choice]]) -> None:
    saves = [
        Save(review.stored, fields)
        for review in reviewed
        if review.stored is not None and (fields := chosen(review.edits, choices[review.pending.seen.key]))
    ]
    number, done = undoable.save(app.database, app.who, saves) if saves else ("", [])
    written = {saved.key for saved in done if saved.status == "updated"}
    edits = sum(len(save.fields) for save in saves if save.entry.key in written)
    if written:
        undoing.offer(number, f"Saved {edits} edit{'s' * (edits != 1)} in {len(written)} "
                              f"record{'s' * (len(written) != 1)}.")
    failed = {saved.key: saved for saved in done if saved.status not in ("updated", "unchanged")}
    for review in reviewed:
        if review.stored is not None and review.stored.key not in failed:
            # What cannot be saved at all stays, and says so, until it is dropped.
            for edit in review.edits:
                if not edit.problem:
                    now.drop(review.stored.key, edit.name)
    if failed:
        why = "; ".join(sorted({saved.why for saved in failed.values()}))
        st.error(f"Not everything was saved: {plain(why)}. Review again.", icon=":material/error:")
        return
    now.editing = None
    if not written:
        st.toast("Nothing to save: what others stored stays.", icon=":material/check:")
    now.refresh()
    st.rerun()
