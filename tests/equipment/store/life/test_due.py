"""Due work of a database: the list, the plans and the events together."""

from __future__ import annotations

from datetime import date
from typing import Any

from pymongo.database import Database

from equipment.domain.life.event import Done
from equipment.domain.life.plan import Rhythm
from equipment.store.access import SYSTEM
from equipment.store.life import due, events, plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import keys, records

Db = Database[dict[str, Any]]
TODAY = date(2026, 11, 28)


def test_it_is_what_dates_plans_and_events_ask_for(database: Db) -> None:
    events.prepare(database)
    database["Equipment"].insert_many([
        {"_id": 1, "ID": 1, "Vendor": "Acme", "Category": "Pump"},
        {"_id": 2, "ID": 2, "Vendor": "Acme", "Next Cal Date": "2026-11-01"}])
    plan = plans.add(database, SYSTEM, Rhythm("maintenance", 1, "months", date(2026, 11, 30), category="Pump"))

    def days() -> list[tuple[str, str]]:
        return [(each.number, each.day.isoformat()) for each in due.work(database, TODAY, 60)]

    assert days() == [("2", "2026-11-01"), ("1", "2026-11-30")]
    assert [each.number for each in due.planned(database, TODAY, date(2026, 12, 31))] == ["1"]
    [entry] = records.entries(database, [keys.key_of_id(1)])
    servicing.write(database, SYSTEM, [Wrote(entry, Done("maintenance", TODAY, plan=plan.number))], today=TODAY)
    assert days() == [("2", "2026-11-01"), ("1", "2026-12-28")]
    plans.end(database, SYSTEM, plan.number)
    assert days() == [("2", "2026-11-01")]
