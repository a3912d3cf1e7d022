"""What a restore's result looks like: green only where all of it was done."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    from collections import Counter
    from types import SimpleNamespace
    from typing import Any, cast

    import streamlit as st

    from backup_engine.api import Merged
    from equipment.ui.backup.restore.screen import _result

    plan = cast(Any, SimpleNamespace(key="equipment", unchanged=0, skipped=0))
    _result(Merged(plan, counts=Counter(st.session_state.counts)))


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
    assert boxes[shown][0].value.startswith(words)
