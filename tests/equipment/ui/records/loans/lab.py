"""Three things, a technician, and the screens about loans as scripts of their own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.life.loan import Holder, Loan, Terms
from equipment.store.access import Who
from equipment.store.life import lending, loans
from equipment.store.list import keys, records
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date.today()


def lab(database: Db) -> Who:
    """Put the things into the list; gives a technician."""
    loans.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in (1, 2, 3)])
    return signed_in(database, "technician", "tom")


def key(number: int) -> str:
    return keys.key_of_id(number)


def lent(database: Db, who: Who, number: int, name: str, days: int | None = 7, account: str = "") -> Loan:
    """Give a thing out, overdue when ``days`` is negative."""
    last = None if days is None else TODAY + timedelta(days=max(days, 0))
    [done] = lending.check_out(database, who, records.entries(database, [key(number)]),
                               Terms(Holder(name, account), TODAY, last, "Room 3"), today=TODAY)
    assert done.loan is not None
    if days is not None and days < 0:
        long_ago = (TODAY + timedelta(days=days)).isoformat()
        database[loans.LOANS].update_one({"out": key(number)}, {"$set": {"last": long_ago, "first": "2020-01-01"}})
    return done.loan


def opened(database: Db, who: Who, script: Any, numbers: tuple[int, ...] = ()) -> AppTest:
    """Run one of the scripts below for these things."""
    args = (database, who, [key(number) for number in numbers])
    return AppTest.from_function(script, args=args, default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    return next(button for button in test.button if button.label == label).click().run()


def words(test: AppTest) -> str:
    """Give all that can be read, in one text."""
    shown = [*test.markdown, *test.caption, *test.error, *test.toast, *test.warning]
    return "\n".join(str(each.value) for each in shown)


# Without types: each runs as a script of its own.

def checking_out(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.loans import check_out

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    check_out.dialog(app, records.entries(database, keys), 1)


def reserving(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.loans import check_out

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    check_out.reserve(app, records.entries(database, keys)[0])


def checking_in(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.loans import check_in

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    check_in.dialog(app, records.entries(database, keys), 1)


def due_day(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.life import loans
    from equipment.ui.context import App
    from equipment.ui.records.loans import check_in

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    check_in.due_day(app, loans.out(database, keys)[keys[0]])


def section(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.loans import screen

    screen.show(App(Settings(), database, who, identify(database, who)))  # type: ignore[arg-type]


def on_record(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.loans import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    on_record.show(app, records.entries(database, keys)[0])
