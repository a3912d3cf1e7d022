"""Saves and moves to the trash that can be undone: the deed itself, and what is kept to undo it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from equipment.domain.counting import number_of
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import records, trash, undo
from equipment.store.list.records import Entry, Save, Saved

__all__ = ["move_to_trash", "save"]


@activity.one_deed()
def save(db: Db, who: Who, saves: Sequence[Save], *, note: str = "") -> tuple[str, list[Saved]]:
    """Do ``records.save`` with that note; gives the number by which ``undo`` takes it back, and what became of each."""
    require(db, who, "records.edit")  # before anything is kept of it
    fields = sum(len(save.fields) for save in saves)
    what = f"{number_of(fields, 'edit')} in {number_of(len(saves), 'record')}"
    number = undo.begin(db, who, "records.edit", what)
    return number, records.save(db, who, saves, note=note, also=lambda log: undo.kept(db, number, log))


@activity.one_deed()
def move_to_trash(db: Db, who: Who, seen: Sequence[Entry]) -> tuple[str, list[Saved]]:
    """Do ``trash.move``; gives the number by which ``undo`` brings them back, and what became of each."""
    require(db, who, "records.delete")
    number = undo.begin(db, who, "records.delete", f"{number_of(len(seen), 'record')} moved to the trash")
    return number, trash.move(db, who, seen, keep=undo.kept_moved(db, number))
