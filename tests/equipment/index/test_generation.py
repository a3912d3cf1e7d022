"""What is written into files answers as what was written did, and what was not written is not used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from equipment.domain.query import Query
from equipment.domain.values.fields import FieldType
from equipment.index import generation
from equipment.index.compaction import compacted
from equipment.index.generation import About, Unusable
from equipment.index.sheet import Sheet
from tests.equipment.index.test_sheet_exact import ByHand, changes, columns, compare, kinds, queries, records

ABOUT = About("m", "00", generation.rules())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    sheet = Sheet.of([(["a", "b"], {"Name": ["Vo\u0308tsch", "Fluke"], "Purchase Value": ["3,000", "x"]})])
    generation.write(tmp_path, sheet.base, ABOUT)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(st.lists(records, max_size=20), changes, st.lists(queries, min_size=1, max_size=4), kinds)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mapped_it_answers_as_going_through_all_records_would(
    tmp_path_factory: pytest.TempPathFactory, first: list[dict[str, str]],
    later: list[tuple[dict[int, dict[str, str]], set[int]]], asked: list[Query], types: Mapping[str, FieldType],
) -> None:
    by_hand = ByHand({f"k{number}": row for number, row in enumerate(first)})
    sheet = Sheet.of([columns(by_hand.rows)] if first else [])
    for changed, gone in [({}, set[int]()), *later]:
        new = {f"k{number}": row for number, row in changed.items()}
        left = {f"k{number}" for number in gone - {*changed}}
        folder = tmp_path_factory.mktemp("generation")
        generation.write(folder, compacted(sheet), ABOUT)
        base, about = generation.read(folder)
        sheet = Sheet(base).with_changes(columns(new), left)
        by_hand.change(new, left)
        compare(sheet, by_hand, asked, types)
        assert about == ABOUT


def test_what_was_asked_of_it_before_is_there_without_being_made(written: Path) -> None:
    base, _ = generation.read(written)

    assert base.column("Purchase Value").kept("numbers number").tolist()[0] == 3000
    assert base.column("Name").kept("order").tolist() == [1, 0]
    assert base.column("Name").looks[1].to_pylist() == ["Vötsch", "Fluke"]


def test_one_bit_turned_in_any_file_is_noticed(written: Path) -> None:
    for name in names(written):
        whole = (written / name).read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            (written / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
            with pytest.raises(Unusable):
                generation.read(written)
            assert not generation.is_whole(written), name
        (written / name).write_bytes(whole)
    assert generation.is_whole(written)


def test_a_file_that_is_cut_off_or_missing_is_noticed(written: Path) -> None:
    for name in names(written):
        whole = (written / name).read_bytes()
        os.truncate(written / name, len(whole) - 1)
        with pytest.raises(Unusable):
            generation.read(written)
        (written / name).unlink()
        with pytest.raises(Unusable):
            generation.read(written)
        (written / name).write_bytes(whole)
    assert generation.mark_of(written) == "m"


@pytest.mark.parametrize("about", [{"rules": "other"}, {"format": 2}])
def test_what_was_made_by_other_rules_is_not_used(tmp_path: Path, about: dict[str, Any]) -> None:
    told: dict[str, Any] = {"mark": "m", "token": "00", "rules": generation.rules()} | about
    generation.write(tmp_path, Sheet.of([]).base, About(**told))

    with pytest.raises(Unusable, match="other rules"):
        generation.read(tmp_path)
    assert generation.mark_of(tmp_path) is None
