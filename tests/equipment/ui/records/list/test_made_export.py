"""A long list is made into a file beside the page: with progress and *Cancel*, then with the link that fetches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.exchange import kept_exports, list_export
from equipment.server.downloads.list_downloads import MADE
from equipment.store.access import SESSIONS, Who
from equipment.ui.list_jobs import list_jobs
from equipment.ui.records.list import exports
from tests.equipment.ui.records_page import labels, page, press, shown

Db = Database[dict[str, Any]]
PATIENCE = 60
KIND = "export_some manager"


@pytest.fixture
def long_list(database: Db, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    monkeypatch.setattr(exports, "FEW", 1)
    monkeypatch.setattr(kept_exports, "_kept", {})  # what other tests of this process made is not looked at
    database.Equipment.insert_many([{"ID": 1, "Vendor": "Acme"}, {"ID": 2, "Vendor": "Ohm"}, {"ID": 3}])
    yield database
    assert list_jobs().wait(PATIENCE)
    list_jobs().clear(KIND)


def _dialog(database, who, folder):  # without types: it runs as a script of its own
    from pathlib import Path

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.list import exports

    account = identify(database, who)
    assert account is not None
    exports.dialog(App(Settings(data_folder=Path(folder)), database, who, account), [], 3)


def make(database: Db, folder: Path) -> None:
    """Open the dialog, as whoever looks at the page, and have the whole list made into a CSV."""
    session = database[SESSIONS].find_one({"user": "some manager"})
    assert session is not None
    who = Who(str(session["_id"]), "some manager")
    test = AppTest.from_function(_dialog, args=(database, who, str(folder)), default_timeout=PATIENCE).run()
    test.button(key="export_make").click().run()


def test_the_file_is_made_and_fetched_and_dropped(long_list: Db, tmp_path: Path) -> None:
    test = page(long_list, tmp_path)
    make(long_list, tmp_path)
    assert list_jobs().wait(PATIENCE)
    test.run()

    [number] = [key for key, kept in kept_exports._kept.items() if kept.form == "csv"]
    assert "CSV of 3 records" in shown(test)
    assert [each.proto.url for each in test.get("link_button")] == [f"./list.csv?{MADE}={number}"]
    assert b"Acme" in b"".join(kept_exports.pieces(kept_exports._kept[number]))
    press(test, "Drop this file")
    assert number not in kept_exports._kept
    assert "CSV of 3 records" not in shown(test)


def test_it_is_followed_in_every_section_and_can_be_cancelled(
    long_list: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    real = list_export.keys_for

    def slow(*given: Any) -> list[str]:
        begun.set()
        assert go.wait(PATIENCE)
        return real(*given)

    monkeypatch.setattr(list_export, "keys_for", slow)
    test = page(long_list, tmp_path)
    make(long_list, tmp_path)
    assert begun.wait(PATIENCE)
    try:
        for section in ("Dashboard", "Browse"):
            test.segmented_control(key="records_section").set_value(section).run()
            assert [bar.proto.text for bar in test.get("progress")] == ["CSV of 3 records: Finding the records"]
        test.button(key=f"cancel_{KIND}").click().run()
    finally:
        go.set()
    assert list_jobs().wait(PATIENCE)
    test.run()

    assert "Dismiss" in labels(test)
    assert "Drop this file" not in labels(test)
