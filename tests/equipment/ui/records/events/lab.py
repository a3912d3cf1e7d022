"""Three things, their people, and the screens about events as scripts of their own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pymongo.database import Database

from equipment.domain.life.event import Done
from equipment.domain.life.plan import Plan, Rhythm
from equipment.domain.roles import Role
from equipment.store.access import SYSTEM, Who
from equipment.store.life import events, plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import records, undo
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import key

Db = Database[dict[str, Any]]
TODAY = date.today()


def lab(database: Db, role: Role = "technician") -> Who:
    """Put the things into the list: two pumps, and a meter that was due for calibration; gives somebody."""
    events.prepare(database)
    undo.prepare(database)
    database["Equipment"].insert_many([
        {"_id": 1, "ID": 1, "Vendor": "Acme", "Model": "P1", "Category": "Pump", "Location": "Room 3"},
        {"_id": 2, "ID": 2, "Vendor": "Acme", "Model": "P2", "Category": "Pump"},
        {"_id": 3, "ID": 3, "Vendor": "Acme", "Model": "M3", "Category": "Meter",
         "Last Cal Date": (TODAY - timedelta(days=370)).isoformat(),
         "Next Cal Date": (TODAY - timedelta(days=5)).isoformat()}])
    return signed_in(database, role, "tom")


def wrote(database: Db, number: int, done: Done) -> str:
    """Write an event down; gives its number."""
    [entry] = records.entries(database, [key(number)])
    _, [written] = servicing.write(database, SYSTEM, [Wrote(entry, done)], today=TODAY)
    assert written.event is not None
    return written.event.number


def planned(database: Db, **given: Any) -> Plan:
    """Make a plan for pumps that is due today, unless it is said otherwise."""
    category = "" if "thing" in given else "Pump"
    return plans.add(database, SYSTEM, Rhythm(**{"kind": "maintenance", "every": 6, "unit": "months", "start": TODAY,
                                                 "what": "Change the filter", "category": category, **given}))


# Without types: each runs as a script of its own.

def on_record(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.events import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    on_record.show(app, records.entries(database, keys)[0])


def adding(database, who, keys):
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.events import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    seen = st.session_state.setdefault("seen", records.entries(database, keys)[0])
    on_record.add(app, seen)


def striking(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.life import events
    from equipment.ui.context import App
    from equipment.ui.records.events import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    on_record.strike(app, events.of_thing(database, keys[0])[0])


def due_part(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.events import due_part

    due_part.show(App(Settings(), database, who, identify(database, who)))  # type: ignore[arg-type]


def plans_part(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import listing
    from equipment.ui.context import App
    from equipment.ui.records.events import plans_part

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    plans_part.show(app, listing.shown(database))


def planning(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.events import plan_form

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    plan_form.make(app, records.entries(database, keys)[0] if keys else None)


def changing(database, who, keys):
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.life import plans
    from equipment.ui.context import App
    from equipment.ui.records.events import plan_form

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    plan_form.change(app, st.session_state.setdefault("seen", plans.listed(database)[0]))


def ending(database, who, keys):
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.life import plans
    from equipment.ui.context import App
    from equipment.ui.records.events import plan_form

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    seen = st.session_state["seen"] = st.session_state.get("seen") or plans.listed(database)[0]
    plan_form.end(app, seen)


def doing(database, who, keys):
    from datetime import date

    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.life import due
    from equipment.ui.context import App
    from equipment.ui.records.events import done_today

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    done_today.ask(app, st.session_state.setdefault("seen", due.work(database, date.today(), 30)[:2]))


def calendar_address(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.events import calendar_address

    calendar_address.show(App(Settings(), database, who, identify(database, who)))  # type: ignore[arg-type]
