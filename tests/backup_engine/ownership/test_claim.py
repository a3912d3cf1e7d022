from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from backup_engine.ownership import claim
from backup_engine.ownership.identity import Identity
from backup_engine.storage import LocalStorage
from tests.backup_engine.ownership.test_owner import made

FIRST, SECOND = Identity("id-1"), Identity("id-2")


def claimed(identity: Identity) -> Identity:
    return replace(identity, claimed=True)


def test_the_first_database_of_a_name_claims_its_old_sets(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)

    assert claim.stake(storage, FIRST, "lab", [made()])
    assert not claim.stake(storage, SECOND, "lab", [made()])
    assert claim.stake(storage, FIRST, "lab", [made()]), "asked again after a crash it is still the same answer"
    assert claim.holds(storage, claimed(FIRST), "lab")
    assert not claim.holds(storage, claimed(SECOND), "lab"), "two claim them: they are nobody's"
    assert not claim.holds(storage, FIRST, "lab"), "the database does not know of its claim"
    assert claim.is_open(storage, FIRST, "lab", [made()]), "but it may claim them again"
    assert not claim.is_open(storage, SECOND, "lab", [made()])


def test_backups_an_earlier_version_made_later_are_claimed_then(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    newer = [made(database_id="id-1")]
    assert not claim.stake(storage, FIRST, "lab", newer), "there was nothing to claim"

    assert claim.is_open(storage, FIRST, "lab", [*newer, made()])
    assert claim.stake(storage, FIRST, "lab", [*newer, made()])


def test_who_started_anew_claims_nothing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    renounced = replace(FIRST, claimed=False)

    assert not claim.is_open(storage, renounced, "lab", [made()])
    assert not claim.stake(storage, renounced, "lab", [made()])


def test_there_is_nothing_to_claim(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)

    assert not claim.stake(storage, FIRST, "lab", [made("other"), made(database_id="id-1")])
    assert not list(tmp_path.rglob("claim_*"))


def test_a_lost_claim_is_not_taken_by_the_next_database(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    claim.stake(storage, FIRST, "lab", [made()])
    (note,) = tmp_path.rglob("claim_*")
    note.unlink()

    assert not claim.holds(storage, claimed(FIRST), "lab")
    assert not claim.stake(storage, SECOND, "lab", [made(), made(database_id="id-1")])


def test_names_a_file_could_not_bear(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    for name in ("../up", "a/b", "n" * 300, "\n"):
        assert claim.stake(storage, FIRST, name, [made(name)])
    assert len(list(tmp_path.rglob("claim_*"))) == 4
