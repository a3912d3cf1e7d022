"""What the check of a page load comes to: told to administrators, and once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.errors import NoSpace


def _script(scheduler, role):  # without types: it runs as a script of its own
    from types import SimpleNamespace

    from equipment.ui.backup import page_check

    app = SimpleNamespace(current_user=lambda: ("bob", role))
    seeded = []
    page_check.run(app, SimpleNamespace(scheduler=scheduler, seed_interval=seeded.append), 3)
    assert seeded == [3]


def visit(scheduler: Any, role: str) -> AppTest:
    test = AppTest.from_function(_script, args=(scheduler, role), default_timeout=60).run()
    assert not test.exception
    return test


@pytest.mark.parametrize(("role", "told"), [("admin", 1), ("manager", 0), ("user", 0)])
def test_a_failure_is_a_banner_for_administrators(role: str, told: int) -> None:
    scheduler = SimpleNamespace(page_check=lambda: NoSpace("12 MB are missing"), checks=list)

    test = visit(scheduler, role)

    assert ["12 MB are missing" in warning.value for warning in test.warning] == [True] * told


@pytest.mark.parametrize(("role", "told"), [("admin", ["Backup created"]), ("user", [])])
def test_a_backup_made_since_the_page_before_is_told_once(role: str, told: list[str]) -> None:
    found = [SimpleNamespace(last=1, result="not needed", message="")]
    scheduler = SimpleNamespace(page_check=lambda: None, checks=lambda: found)
    test = visit(scheduler, role)
    assert not test.toast

    found.insert(0, SimpleNamespace(last=2, result="created", message="Backup created"))

    assert [toast.value for toast in test.run().toast] == told
    assert not test.run().toast
