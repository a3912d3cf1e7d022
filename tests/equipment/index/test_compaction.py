"""One base of a base and its changes; that it answers alike is in ``test_sheet_exact``."""

from __future__ import annotations

from equipment.index.compaction import compacted
from equipment.index.sheet import Sheet


def test_no_text_of_a_deleted_or_changed_record_is_left() -> None:
    sheet = Sheet.of([(["a", "b", "c"], {"Name": ["secret", "old", "stays"]})])
    segment = compacted(sheet.with_changes((["b"], {"Name": ["new"]}), ["a"]))

    assert segment.keys.to_pylist() == ["c", "b"]
    assert segment.column("Name").words.to_pylist() == ["stays", "new"]
    assert segment.column("Name").folded.to_pylist() == ["stays", "new"]
    assert segment.all.to_pylist() == ["stays", "new"]


def test_a_column_that_nobody_has_any_more_goes() -> None:
    sheet = Sheet.of([(["a", "b"], {"Name": ["x", "y"], "Note": ["", "n"]})])

    assert compacted(sheet.with_changes((["b"], {"Name": ["y"]}))).columns == ["Name"]
