"""A record's page while stock is taken: one tap."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store.access import Who
from equipment.store.life import stocktakings
from equipment.store.list import keys
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import press

Db = Database[dict[str, Any]]


def _script(database, who, key):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.stocktaking import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    on_record.show(app, records.entries(database, [key])[0])


def labels(database: Db, who: Who) -> list[str]:
    return [button.label for button in opened(database, who).button]


def opened(database: Db, who: Who) -> AppTest:
    return AppTest.from_function(_script, args=(database, who, keys.key_of_id(1)), default_timeout=60).run()


def test_one_tap_says_that_it_is_here(database: Db) -> None:
    stocktakings.prepare(database)
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    who = signed_in(database, "technician", "tom")
    assert labels(database, who) == []
    stocktakings.begin(database, who, "Lab 3")
    assert labels(database, signed_in(database, "user", "ada")) == []

    press(opened(database, who), "It is here, in Lab 3")

    assert stocktakings.opened(database)[0].seen == (keys.key_of_id(1),)
    assert labels(database, who) == ["Seen in Lab 3"]
