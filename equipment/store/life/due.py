"""Due work as the database has it now: the list, the plans and the last events, put together by ``domain.life.due``."""

from __future__ import annotations

from datetime import date

from equipment.domain.life import due as rules
from equipment.domain.life.due import Due
from equipment.store.access import Db
from equipment.store.life import events, plans
from equipment.store.list import listing, schema

__all__ = ["planned", "work"]


def work(db: Db, today: date, days: int) -> list[Due]:
    """Give what is overdue or falls due within so many days, the most urgent first."""
    return rules.due_work(listing.shown(db), schema.types(db), plans.listed(db), events.lasts(db), today, days)


def planned(db: Db, first: date, until: date) -> list[Due]:
    """Give what plans and events ask for from one day to another, without the records' own dates."""
    return rules.of_plans(listing.shown(db), schema.types(db), plans.listed(db), events.lasts(db), first, until)
