from __future__ import annotations

import pytest

from backup_engine.ownership.owner import Adopted, Owner, alone, called
from tests.backup_engine.sets import NOW, make_set


def made(database: str = "lab", database_id: str = "", replica_set: str = "", **facts: object):  # type: ignore[no-untyped-def]
    source = {"database": database, "database_id": database_id or None, "replica_set": replica_set}
    return make_set(1, NOW, metadata={"source": source}, **facts)


OURS = Owner("id-1", "lab", "rs", unnamed=True)


@pytest.mark.parametrize(("owner", "backup", "relation"), [
    (OURS, made(database_id="id-1"), "own"),
    (OURS, made("renamed since", "id-1"), "own"),
    (OURS, made(database_id="id-2"), "foreign"),
    (OURS, made(), "own"),
    (Owner("id-1", "lab", "rs"), made(), "foreign"),
    (OURS, made("other"), "foreign"),
    (OURS, made(replica_set="elsewhere"), "foreign"),
    (Owner("", "lab", "rs", unnamed=True), made(replica_set="rs"), "own"),
    (Owner("", "lab", "rs", unnamed=True), made(database_id="id-1"), "foreign"),
    (OURS, make_set(1, NOW), "own"),
    (OURS, made("other", state="legacy"), "everybody"),
    (OURS, make_set(1, NOW, state="damaged"), "everybody"),
    (OURS, made(database_id="id-2", state="damaged"), "foreign"),
    (Owner("id-1", "lab", adopted=(Adopted("id-2", "lab"),)), made(database_id="id-2"), "adopted"),
    (Owner("id-1", "lab", adopted=(Adopted("", "old"),)), made("old"), "adopted"),
    (Owner("id-1", "lab", adopted=(Adopted("", "old"),)), made("older"), "foreign"),
])
def test_whose_a_set_is(owner: Owner, backup, relation: str) -> None:  # type: ignore[no-untyped-def]
    assert owner.relation(backup) == relation
    assert owner.may_restore(backup) == (relation != "foreign")


def test_adopted_sets_are_pruned_only_when_their_database_is_gone() -> None:
    theirs = made(database_id="id-2")

    kept, gone = (Owner("id-1", "lab", adopted=(Adopted("id-2", "lab", gone),)) for gone in (False, True))

    assert (kept.may_prune(theirs), gone.may_prune(theirs)) == (False, True)
    assert not gone.owns(theirs)


def test_metadata_that_names_no_proper_source_does_not_hurt() -> None:
    for source in (None, [], "x", {"database": 5, "database_id": ["a"]}):
        backup = make_set(1, NOW, metadata={"source": source})
        assert (backup.database, backup.database_id) == ("", "")
        assert OURS.relation(backup) == "own"


def test_a_folder_with_the_sets_of_one_database_tells_whose_they_are() -> None:
    assert alone([made(database_id="id-1"), made()], "") == Owner("id-1", "lab", unnamed=True, guessed=True)
    assert alone([made("a", "1"), made("b", "2")], "b") == Owner("2", "b", unnamed=True, guessed=True)
    assert alone([made("a", "1"), made("a", "2")], "a") is None
    assert alone([made("a", "1")], "b") is None
    assert alone([], "lab") == Owner(database="lab", unnamed=True, guessed=True)


def test_nothing_is_cleared_away_on_a_guess() -> None:
    guess = alone([made(database_id="id-1")], "")

    assert guess is not None
    assert guess.owns(made(database_id="id-1"))
    assert not guess.may_prune(made(database_id="id-1"))
    assert guess.may_prune(make_set(1, NOW)), "made of documents, without a database"


def test_people_tell_two_databases_of_one_name_apart() -> None:
    assert called(made(database_id="0123456789")) == "“lab” (01234567)"
    assert called(made()) == "“lab”"
