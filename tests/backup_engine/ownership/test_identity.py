from __future__ import annotations

from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import BackupError
from backup_engine.ownership import identity
from backup_engine.ownership.owner import Adopted, Question
from tests.backup_engine.sets import NOW, make_set


@pytest.fixture(params=["server", "in memory"])
def anywhere(request: pytest.FixtureRequest) -> Database[dict[str, Any]]:
    if request.param == "server":
        return request.getfixturevalue("database")  # type: ignore[no-any-return]
    return mongomock.MongoClient().lab  # type: ignore[no-any-return]


def numbered(database_id: str, number: Any, backup_id: str):  # type: ignore[no-untyped-def]
    return make_set(1, NOW, backup_id=backup_id, metadata={"source": {"database_id": database_id, "number": number}})


def test_a_database_gets_its_id_once(anywhere: Database[dict[str, Any]]) -> None:
    assert identity.read(anywhere) is None

    first, second = identity.create(anywhere), identity.create(anywhere, claimed=False)

    assert first == second == identity.read(anywhere)
    assert (first.number, first.claimed, first.adopted, first.question) == (0, None, (), None)


def test_what_it_writes_is_numbered_and_the_last_hundred_are_remembered(anywhere: Database[dict[str, Any]]) -> None:
    identity.create(anywhere)

    numbers = [identity.write_down(anywhere, f"set-{n}", n) for n in range(105)]

    known = identity.read(anywhere)
    assert known is not None
    assert numbers == list(range(1, 106))
    assert (known.number, len(known.written), known.written[105], 5 in known.written) == (105, 100, "set-104", False)


def test_a_set_that_it_has_not_written_is_strange(anywhere: Database[dict[str, Any]]) -> None:
    identity.create(anywhere)
    for n in range(3):
        identity.write_down(anywhere, f"set-{n + 1}", n)
    known = identity.read(anywhere)
    assert known is not None
    own = [numbered(known.database_id, n, f"set-{n}") for n in (1, 2, 3)]

    assert known.stranger(own) is None
    assert known.stranger([*own, numbered("another", 9, "x")]) is None
    assert known.stranger([*own, numbered(known.database_id, None, "by a user who may only read")]) is None
    beyond, other = numbered(known.database_id, 4, "set-4"), numbered(known.database_id, 2, "of a copy")
    assert known.stranger([*own, beyond]) == beyond
    assert known.stranger([*own, other]) == other


def test_answers_to_the_question(anywhere: Database[dict[str, Any]]) -> None:
    before = identity.create(anywhere)
    identity.ask(anywhere, Question("diverged", "20260101_000000"))
    asked = identity.read(anywhere)
    assert asked is not None
    assert asked.question == Question("diverged", "20260101_000000")

    identity.trust(anywhere, 7)
    trusted = identity.read(anywhere)
    assert trusted is not None
    assert (trusted.question, trusted.trusted, trusted.number) == (None, 7, 7)
    assert trusted.stranger([numbered(before.database_id, 7, "x")]) is None

    identity.renew(anywhere)
    renewed = identity.read(anywhere)
    assert renewed is not None
    assert (renewed.number, renewed.trusted, renewed.claimed) == (0, 0, False)
    assert renewed.database_id != before.database_id


def test_what_it_has_adopted(anywhere: Database[dict[str, Any]]) -> None:
    identity.create(anywhere)

    identity.adopt(anywhere, [Adopted("id-2", "old", gone=True), Adopted("", "older")])

    known = identity.read(anywhere)
    assert known is not None
    assert known.adopted == (Adopted("id-2", "old", gone=True), Adopted("", "older"))


def test_a_database_that_is_dropped_meanwhile_is_said_to_be(database: Database[dict[str, Any]]) -> None:
    with pytest.raises(BackupError, match="dropped at this very moment"):
        identity.write_down(database, "set-1", 1)
