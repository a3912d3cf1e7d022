"""The actions on records name modules that are there."""

from __future__ import annotations

import importlib

import pytest

from equipment.ui.records.actions import ACTIONS, Action


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.label)
def test_every_action_leads_to_a_function(action: Action) -> None:
    module = importlib.import_module(f"equipment.ui.{action.room}.{action.module}")

    assert callable(getattr(module, action.function))
