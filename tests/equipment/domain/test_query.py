"""A query survives addresses and saved views, and says itself in words."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from equipment.domain.query import Query, from_document, from_params, terms_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@given(
    st.builds(
        Query,
        text=TEXT.filter(lambda text: text == text.strip() and text.strip("-")),
        only=st.sampled_from(["", "overdue", "same serial"]),
        choices=st.dictionaries(
            TEXT, st.lists(TEXT | st.just(""), min_size=1, max_size=3, unique=True).map(tuple), max_size=2
        ),
        contains=st.dictionaries(TEXT, TEXT.filter(lambda text: text.strip("-")), max_size=2),
        sort=TEXT.filter(lambda text: text.strip("-") == text),
        descending=st.booleans(),
    )
)
def test_an_address_and_a_saved_view_bring_the_same_query_back(query: Query) -> None:
    assert from_params(query.to_params()) == query
    assert from_document(query.to_document()) == query


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("Keysight lab", ["keysight", "lab"]),
        ('"lab 2" fluke', ["lab 2", "fluke"]),
        ("(.*$where", ["(.*$where"]),
        ('say "hi', ["say", '"hi']),
        ("  ", []),
        ("a a", ["a"]),
        ("Café CAFE", ["cafe"]),
        ("“Lab 2” Straße", ["lab 2", "strasse"]),
        ("\u200b x\u00a0y", ["x", "y"]),
    ],
)
def test_terms(typed: str, terms: list[str]) -> None:
    assert terms_of(typed) == terms


def test_a_choice_that_is_spelled_in_the_other_way_is_the_same_choice() -> None:
    query = Query(choices={"Name": ("Prüf",)})

    assert from_params({"is.Name": ["Pru\u0308f"]}) == query
    assert from_document({"choices": [["Name", ["Pru\u0308f"]]]}) == query


def test_each_chip_takes_away_exactly_itself() -> None:
    query = Query(
        text="x",
        only="due",
        choices={"Vendor": ("A", "")},
        contains={"Model": "m"},
        lows={"ID": "5"},
        highs={"ID": "9"},
    )

    chips = dict(query.chips())

    assert list(chips) == [
        "Search: x",
        "Due in 30 days",
        "Vendor: A",
        "Vendor: (empty)",
        "Model contains m",
        "ID: 5 – 9",
    ]
    assert chips["Vendor: A"].choices == {"Vendor": ("",)}
    assert all(len(left.chips()) == 5 for left in chips.values())


@pytest.mark.parametrize(
    "params",
    [
        {"only": ["nonsense"]},
        {"is.": ["x"]},
        {"tab": ["Activity"]},
        {"sort": []},
        {"from.ID": []},
        {"x.y": ["1"]},
    ],
)
def test_a_strange_address_is_an_ordinary_view(params: dict[str, list[str]]) -> None:
    assert from_params(params) == Query()
