"""The charts of the dashboard say what the filters say."""

from __future__ import annotations

from equipment.index.sheet import Sheet
from equipment.ui.records import dashboard


def test_values_that_look_the_same_are_one_bar() -> None:
    sheet = Sheet.of([(["a", "b", "c"], {"Vendor": ["Vötsch", "Vo\u0308tsch", ""]})])

    bars = dashboard._bars(sheet, "Vendor").data

    assert bars.to_numpy().tolist() == [["Vötsch", 2], ["(empty)", 1]]
