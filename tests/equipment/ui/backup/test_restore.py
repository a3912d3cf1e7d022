"""What a restore looks like: green only where all of it was done, and a form that stays where it is."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import api
from equipment.ui.plain import plain
from tests.equipment.ui.backup.test_tab import installation, owners_page, run  # noqa: F401 - a fixture
from tests.server.running_app import wait_for


def page() -> None:
    from collections import Counter
    from types import SimpleNamespace
    from typing import Any, cast

    import streamlit as st

    from backup_engine.api import Merged
    from equipment.restores.numbers import Done
    from equipment.ui.backup.restore.ended import _result

    plan = cast(Any, SimpleNamespace(key="equipment", unchanged=0, skipped=0))
    _result(Done(cast(Any, None), (Merged(plan, counts=Counter(st.session_state.counts)),)))


@pytest.mark.parametrize(("counts", "shown", "words"), [
    ({"inserted": 2}, "success", "Merge completed: 2 added"),
    ({"inserted": 2, "refused": 1}, "warning", "Merge completed, but not all of it: 1 refused, 2 added"),
    ({"refused": 2, "conflict": 1}, "error", "Restore stopped; current data unchanged: 2 refused, 1 changed by"),
])
def test_a_merge_is_green_only_when_it_is_whole(counts: dict[str, int], shown: str, words: str) -> None:
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["counts"] = counts
    test.run()

    boxes: dict[str, Any] = {"success": test.success, "warning": test.warning, "error": test.error}
    assert not test.exception
    assert {name: len(box) for name, box in boxes.items() if len(box)} == {shown: 1}
    assert boxes[shown][0].value.startswith(plain(words))


def _way_to(block: Any, label: str, way: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """Give the numbers by which the front end finds the button of that label."""
    for number, child in getattr(block, "children", {}).items():
        if getattr(child, "label", "") == label and child.type == "button":
            return (*way, number)
        if found := _way_to(child, label, (*way, number)):
            return found
    return None


def test_what_is_ticked_keeps_its_place_while_the_comparison_comes(
    installation: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    compare, go = api.compare, threading.Event()
    monkeypatch.setattr(api, "compare", lambda *given, **more: (go.wait(60), compare(*given, **more))[1])
    DatabaseBackupRestore().create_backup(force=True)
    test = run(owners_page, user_role="admin", backup_tab="Restore Data")
    assert "Waiting for the comparison" in " ".join(error.value for error in test.error)
    before = _way_to(test.main, "Confirm and Restore")

    go.set()
    wait_for(lambda: "Waiting for the comparison" not in " ".join(error.value for error in test.run().error), "it")

    assert any(info.value.startswith("Replace: the list becomes") for info in test.info)
    assert before is not None and _way_to(test.main, "Confirm and Restore") == before
