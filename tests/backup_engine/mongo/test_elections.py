"""A look counts when nothing can take it back; a command that no majority has is an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable, NoMajority
from backup_engine.mongo import elections

Doc = dict[str, Any]


def _terms(monkeypatch: pytest.MonkeyPatch, *terms: str) -> None:
    said: Iterator[str] = iter(terms)
    monkeypatch.setattr(elections, "election_id", lambda database: next(said))
    monkeypatch.setattr(elections, "_PAUSE", 0)


def test_the_term_of_office_has_a_name_and_stays_the_same(database: Database[Doc]) -> None:
    assert elections.election_id(database)
    assert elections.election_id(database) == elections.election_id(database)


def test_a_look_across_an_election_is_repeated(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    _terms(monkeypatch, "1", "2", "2", "2")
    looks, steps = iter(["old", "new"]), []

    seen = elections.lasting(database, lambda: next(looks), lambda: steps.append("written"), 5)

    assert (seen, steps) == ("new", ["written", "written"])


def test_with_no_end_of_elections_nobody_answers(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    _terms(monkeypatch, "1", "2")

    with pytest.raises(DatabaseUnreachable, match="keeps changing"):
        elections.lasting(database, lambda: 1, lambda: None, 0)


def test_a_write_that_fails_is_tried_again(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elections, "_PAUSE", 0)
    outcomes: Iterator[Exception | None] = iter([DatabaseUnreachable("not yet"), None])

    def write() -> None:
        if (problem := next(outcomes)) is not None:
            raise problem

    assert elections.lasting(database, lambda: 1, write, 5) == 1


def test_a_write_that_waited_in_vain_for_a_majority_is_not_repeated(database: Database[Doc]) -> None:
    def write() -> None:
        raise NoMajority("gone")

    with pytest.raises(NoMajority):
        elections.lasting(database, lambda: 1, write, 60)


def test_a_command_without_its_write_concern_is_an_error(database: Database[Doc]) -> None:
    with pytest.raises(NoMajority):
        elections.command(database, {"create": "thing", "writeConcern": {"w": 2, "wtimeout": 100}})

    assert "thing" in database.list_collection_names()  # made, and all the same no success
