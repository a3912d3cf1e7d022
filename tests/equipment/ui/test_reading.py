"""While a long list is read the page says how far that is, and the list follows by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store.list import listing
from tests.equipment.ui.records_page import labels, page

Db = Database[dict[str, Any]]


def test_the_bar_stands_in_place_of_the_list_until_it_is_read(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.insert_many([{"ID": number} for number in range(1_200)])
    with monkeypatch.context() as patch:
        patch.setattr(listing, "ready", lambda db, seconds: False)
        patch.setattr(listing, "read", lambda db: 1_000)
        patch.setattr(listing, "waited", lambda db: 5.1)
        test = page(database, tmp_path, page="2")

        [bar] = test.get("progress")
        assert bar.proto.text == "Reading the list: 1,000 of about 1,200 records"  # type: ignore[attr-defined]
        assert bar.proto.value == 83  # type: ignore[attr-defined]
        assert not test.dataframe

    test.run()

    assert len(test.dataframe[0].value) == 50
    assert "Download" in labels(test)


def test_the_first_records_stand_there_at_once_and_the_bar_comes_when_it_takes_long(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.insert_many([{"ID": number, "Room": f"R{number}"} for number in range(1_200)])
    monkeypatch.setattr(listing, "ready", lambda db, seconds: False)
    monkeypatch.setattr(listing, "waited", lambda db: waited[0])
    waited = [0.6]

    test = page(database, tmp_path)
    assert not test.get("progress")
    assert list(test.dataframe[0].value["Room"]) == [f"R{number}" for number in range(50)]

    waited[0] = 5.1
    test.run()
    assert test.get("progress") and len(test.dataframe[0].value) == 50


@pytest.mark.parametrize("address", [{"q": "x"}, {"section": "Edit"}, {"page": "2"}, {"sort": "Room"}])
def test_nothing_but_the_beginning_of_the_list_is_shown_meanwhile(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: dict[str, str]
) -> None:
    database.Equipment.insert_many([{"ID": number} for number in range(1_200)])
    monkeypatch.setattr(listing, "ready", lambda db, seconds: False)

    test = page(database, tmp_path, **address)  # type: ignore[arg-type]

    assert test.get("progress") and not test.dataframe
