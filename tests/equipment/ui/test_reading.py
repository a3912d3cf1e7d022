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
        test = page(database, tmp_path)

        [bar] = test.get("progress")
        assert bar.proto.text == "Reading the list: 1,000 of about 1,200 records"  # type: ignore[attr-defined]
        assert bar.proto.value == 83  # type: ignore[attr-defined]
        assert not test.dataframe

    test.run()

    assert len(test.dataframe[0].value) == 50
    assert "Download" in labels(test)
