"""A list on disk is the same list in another process."""

from __future__ import annotations

from array import array

from backup_engine.records import spool
from backup_engine.records.spool import Spool


def test_its_contents_make_the_same_list() -> None:
    one: Spool[tuple[int, bytes]] = Spool()
    rows = [(number, b"x" * 700_000) for number in range(4)]
    for row in rows:
        one.append(row)
    pieces = list(one.contents())
    assert [len(piece) <= spool.PIECE for piece in pieces] == [True] * len(pieces)
    assert len(pieces) == 3

    other: Spool[tuple[int, bytes]] = Spool.of(iter(pieces), one.starts)

    assert list(other) == rows
    assert other.page(2, 5) == rows[2:]


def test_an_empty_one_has_none() -> None:
    empty: Spool[int] = Spool()
    assert list(empty.contents()) == []
    assert list(Spool[int].of([], array("Q"))) == []
