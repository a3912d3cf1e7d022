"""The charts of the dashboard say what the filters say, and a bar leads to what is behind it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.query import Query
from equipment.domain.values.fields import TYPES, USUAL_TYPES
from equipment.index.sheet import Sheet
from equipment.store.list import listing
from equipment.ui.records import dashboard
from tests.equipment.ui.records_page import page, shown

Db = Database[dict[str, Any]]
TODAY = date(2026, 3, 2)
KINDS = {name: TYPES[kind] for name, kind in USUAL_TYPES.items()}


def test_values_that_look_the_same_are_one_bar() -> None:
    sheet = Sheet.of([(["a", "b", "c"], {"Vendor": ["Vötsch", "Vo\u0308tsch", ""]})])

    assert [(bar.label, bar.number) for bar in dashboard._by(sheet, "Vendor")] == [("Vötsch", 2), ("(empty)", 1)]


def test_each_bar_finds_as_many_records_as_it_is_long() -> None:
    sheet = Sheet.of([([f"k{n}" for n in range(60)], {
        "Vendor": [f"V{n % 20}" if n % 7 else "" for n in range(60)],
        "Year of Purchase": [str(2000 + n % 5) for n in range(60)],
        "Next Cal Date": [f"2026-{1 + n % 12:02d}-15" for n in range(60)],
    })])
    bars = [*dashboard._by(sheet, "Vendor"), *dashboard._years(sheet), *dashboard._due(sheet, KINDS, TODAY)]

    for bar in bars:
        if bar.query is not None:
            assert len(sheet.find(bar.query, KINDS, TODAY)) == bar.number, bar
    assert [bar.query for bar in bars if bar.label.endswith("others")] == [None]


@pytest.fixture
def lab(database: Db) -> Db:
    database.Equipment.insert_many([{"ID": number, "Vendor": f"V{number % 4}", "Category": "Scope"}
                                    for number in range(40)])
    return database


def test_a_bar_that_is_clicked_opens_the_list_of_it(lab: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = dashboard._by(listing.sheet(lab), "Vendor")
    asked: list[Query] = []
    monkeypatch.setattr(dashboard.st, "session_state", {"k": {"selection": {dashboard.CLICKED: [{"at": 2}]}}})
    monkeypatch.setattr(dashboard.state, "current", lambda: type("State", (), {
        "query": Query(sort="ID"), "ask": lambda self, query: asked.append(query)})())
    monkeypatch.setattr(dashboard.state, "go", lambda section: asked.append(section))

    dashboard._open("k", bars)

    assert asked == [Query(choices={"Vendor": ("V2",)}, sort="ID"), "Browse"]


@pytest.mark.parametrize("picked", [[], [{}], [{"at": 99}], [{"at": -1}], [{"at": "0"}]])
def test_what_is_no_bar_opens_nothing(picked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard.st, "session_state", {"k": {"selection": {dashboard.CLICKED: picked}}})

    dashboard._open("k", [dashboard.Bar("a", 1, Query())])


def test_few_bars_are_a_sentence(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, section="Dashboard")

    assert "Scope: 40" in shown(test)
    drawn = [chart.proto.spec for chart in test.get("vega_lite_chart")]  # type: ignore[attr-defined]
    assert len(drawn) == 1 and "By vendor: V0: 10, V1: 10, V2: 10, V3: 10" in drawn[0]


@pytest.mark.parametrize(("values", "label"), [
    (["3,000", "12"], "Purchase value"), (["3.000 €", "€ 12", "7"], "Purchase value (€)"),
    (["10 EUR", "eur 5", "US$ 3", "CAL-10"], "Purchase value (EUR + US$)"),
])
def test_the_currency_of_a_sum_is_named(database: Db, tmp_path: Path, values: list[str], label: str) -> None:
    database.Equipment.insert_many([{"ID": number, "Purchase Value": value} for number, value in enumerate(values)])

    test = page(database, tmp_path, section="Dashboard")

    [metric] = [each for each in test.metric if each.label.startswith("Purchase value")]
    assert metric.label.replace("\\", "") == label
    assert ("no currency" in metric.help) is (label == "Purchase value")
