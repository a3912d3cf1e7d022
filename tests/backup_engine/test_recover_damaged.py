"""What lies there is damaged, forged or in part: the newest good pair comes back, and what was passed over is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backup_engine import recover as recovering
from backup_engine.create import create
from backup_engine.errors import BackupError, NoBackupsFound, NoSpace
from backup_engine.keys import signing
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.recovering.choosing import AT_HAND
from backup_engine.repository import manifest
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.stored import file_of, flip
from tests.small_disk import SmallDisk

KINDS = pytest.mark.parametrize("kind", ["folder", "remote"])


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


def object_of(machines: Machines, backup: BackupSet) -> Path:
    [path] = (machines.root / "disk" / "sets").glob(f"*{backup.backup_id}.json")
    return path


def stored(machines: Machines, backup: BackupSet, kind: str) -> Path:
    """The file of the list of a set, where it is recovered from."""
    if kind == "folder":
        return file_of(machines.lab, backup)
    [path] = (machines.root / "disk" / "data" / backup.backup_id).rglob("equipment_*")
    return path


def own(machines: Machines, kind: str) -> Path:
    """Where the application's own data lies."""
    return machines.root / ("lab/.app" if kind == "folder" else "disk/app")


def described(machines: Machines, backup: BackupSet, kind: str) -> Path:
    return file_of(machines.lab, backup, "metadata") if kind == "folder" else object_of(machines, backup)


def rewritten(machines: Machines, backup: BackupSet, kind: str, **changes: Any) -> None:
    """Forge the metadata of a set as somebody does who knows the format: its hashes fit."""
    path = described(machines, backup, kind)
    metadata = manifest.encode({**backup.metadata, **changes})
    if kind == "folder":
        path.write_bytes(metadata)
        return
    import base64
    import hashlib

    about = json.loads(path.read_text())
    about |= {"metadata": base64.b64encode(metadata).decode(), "metadata_sha256": hashlib.sha256(metadata).hexdigest()}
    path.write_text(json.dumps(about))


HARMS: dict[str, Callable[[Path], None]] = {
    "a bit turned": lambda path: flip(path, 40), "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "deleted": lambda path: path.unlink(), "garbage": lambda path: path.write_bytes(b"garbage"),
}


@KINDS
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("what", ["file", "metadata"])
def test_a_damaged_newest_set_is_passed_over(machines: Machines, kind: str, harm: str, what: str) -> None:
    good, bad = machines.back_up("good"), machines.back_up("bad")
    HARMS[harm]((stored if what == "file" else described)(machines, bad, kind))
    agreed = list[str]()

    done = machines.recover(kind, agree=lambda found: agreed.append(found.chosen.backup.label))

    assert done.backup == good and done.verified
    assert machines.new.Equipment.distinct("Vendor") == ["good"]
    if (kind, what, harm) == ("remote", "metadata", "deleted"):
        return  # nothing there tells of it any more
    assert agreed in ([], [good.label])  # only what the listing cannot see is found out later
    assert any(line.startswith(f"Backup {bad.label} is newer and could not be used") for line in done.lost)
    assert bad.label in done.message


@KINDS
def test_when_none_is_good_that_is_said_and_nothing_is_written(machines: Machines, kind: str) -> None:
    for number in range(AT_HAND + 1):
        flip(stored(machines, machines.back_up(f"v{number}"), kind), 40)

    with pytest.raises(NoBackupsFound, match=r"none of those in .* is good \(.*the file was changed"):
        machines.recover(kind)

    assert machines.new.list_collection_names() == []


def test_everything_in_the_folder_is_garbage_and_the_remote_recovers(machines: Machines) -> None:
    backup = machines.back_up()
    for number, path in enumerate(sorted((machines.root / "lab").rglob("*"))):
        if path.is_file():
            path.write_bytes(b"garbage") if number % 3 else path.unlink()

    with pytest.raises(NoBackupsFound):
        machines.look("folder")
    # also into the very folder whose content is garbage
    here = replace(machines.lab, connect=lambda: machines.new)
    done = recovering.recover(here, recovering.look(here, machines.source("remote")))

    assert done.backup == backup and everything(machines.new)["Equipment"] == everything(machines.old)["Equipment"]


@KINDS
def test_a_forged_newest_set_with_other_content_is_passed_over(machines: Machines, kind: str) -> None:
    """Its rows were changed by somebody who also made the hash of its metadata fit, and not those of its files."""
    good, bad = machines.back_up("good"), machines.back_up("bad")
    path = stored(machines, bad, kind)
    path.write_bytes(path.read_bytes().replace(b"bad", b"BAD"))
    rewritten(machines, bad, kind, warnings=["nothing is wrong here"])

    done = machines.recover(kind)

    assert done.backup == good and machines.new.Equipment.distinct("Vendor") == ["good"]


@KINDS
def test_a_set_that_is_too_far_ahead_to_be_true_is_taken_only_by_its_name(machines: Machines, kind: str) -> None:
    good, forged = machines.back_up("good"), machines.back_up("forged")
    rewritten(machines, forged, kind, seq=1_000_000, source={**forged.metadata["source"], "number": 1_000_000})

    found, named = machines.look(kind), machines.look(kind, at=forged.label)

    assert found.chosen.backup == good and named.chosen.backup.label == forged.label
    [skipped] = found.skipped
    assert skipped.backup.label == forged.label and "claims to come 999,99" in skipped.why


@KINDS
def test_only_what_bears_the_signature_that_was_asked_for(machines: Machines, kind: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(signing.new_pem())
    signer = signing.Signer(tmp_path / "key.pem")
    machines.lab = replace(machines.lab, signer=signer)
    good = machines.back_up("good")
    machines.lab = replace(machines.lab, signer=None)
    forged = machines.back_up("forged")

    unasked = machines.look(kind)
    machines.bare = replace(machines.bare, signed_by=signer.public)
    asked = machines.look(kind)

    assert unasked.chosen.backup == forged and "is not signed, and those before it are" in " ".join(unasked.warnings)
    assert asked.chosen.backup == good and asked.chosen.signed_by == signer.public
    assert [(skip.backup.label, "not signed by" in skip.why) for skip in asked.skipped] == [(forged.label, True)]
    assert machines.recover(kind).backup == good


@KINDS
@pytest.mark.parametrize("harm", ["missing", "damaged", "not saved"])
def test_a_list_whose_accounts_are_no_good_is_named_and_the_pair_before_it_taken(
    machines: Machines, harm: str, kind: str
) -> None:
    good = machines.back_up("good")
    if harm == "not saved":
        machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
        half = create(replace(machines.lab, annex=None), force=True).set
        push(machines.lab, "disk")
    else:
        half = machines.back_up("half", accounts=True)
        for path in own(machines, kind).rglob(f"*{half.label}*"):
            if path.parent.name != ".state":
                path.unlink() if harm == "missing" else path.write_bytes(b"garbage")
    assert half is not None

    found = machines.look(kind)
    named = recovering.recover(machines.bare, machines.look(kind, at=half.label))

    assert found.chosen.backup == good
    assert [skip.backup.label for skip in found.skipped] == [half.label]
    assert "accounts, settings, trash and activity" in found.skipped[0].why
    assert named.application is None and named.backup.label == half.label
    assert machines.new.equipment_users.count_documents({}) == 0
    assert any(line.startswith("Accounts, settings, trash and activity") for line in named.lost)


@KINDS
def test_accounts_that_turn_out_damaged_when_they_are_read(machines: Machines, kind: str) -> None:
    good, bad = machines.back_up("good"), machines.back_up("bad", accounts=True)
    [path] = own(machines, kind).rglob(f"users_*{bad.label}*")
    flip(path, 40)

    done = machines.recover(kind)

    assert done.backup == good and f"Backup {bad.label} is newer and could not be used: " in done.message
    assert machines.new.Equipment.distinct("Vendor") == ["good"]


def test_a_list_alone_when_no_accounts_were_ever_saved(machines: Machines) -> None:
    machines.lab = replace(machines.lab, annex=None)
    backup = machines.back_up()

    found = machines.look()

    assert found.chosen.backup == backup and "accounts, settings, trash and activity" in found.chosen.lacks
    assert machines.recover().application is None
    assert everything(machines.new)["Equipment"] == everything(machines.old)["Equipment"]


@KINDS
def test_a_differential_whose_full_backup_is_gone(machines: Machines, kind: str) -> None:
    first, full = machines.back_up("first"), machines.back_up("full")
    machines.old.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
    machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    last = create(machines.lab, force=True, kind="differential").set
    push(machines.lab, "disk")
    assert last is not None and last.base == full.backup_id
    described(machines, full, kind).unlink()

    found = machines.look(kind)

    assert found.chosen.backup == first
    assert "it rests on is" in next(skip.why for skip in found.skipped if skip.backup.label == last.label)


@KINDS
def test_a_gap_in_the_line_is_a_warning(machines: Machines, kind: str) -> None:
    made = [machines.back_up(f"v{number}") for number in range(4)]
    described(machines, made[2], kind).unlink()
    shutil.rmtree(machines.root / "lab" / ".state")
    stored(machines, made[2], kind).unlink()

    found = machines.look(kind)

    assert f"between the backups {made[1].label} and {made[3].label} 1 is missing here" in " ".join(found.warnings)
    assert machines.recover(kind).backup == made[3]


@pytest.mark.parametrize(("hours", "said"), [(-24, "is dated 24.0 hours ahead of this machine's clock"), (24, "")])
def test_a_clock_that_is_wrong_by_a_day(machines: Machines, hours: int, said: str) -> None:
    machines.back_up("before")
    backup = machines.back_up()
    wrong = machines.lab.clock() + timedelta(hours=hours)
    machines.bare = replace(machines.bare, clock=lambda: wrong)

    found = machines.look()

    assert found.chosen.backup == backup and said in " ".join(found.warnings) and bool(said) is bool(found.warnings)
    assert machines.recover().verified


def test_two_databases_keep_their_backups_in_one_folder(machines: Machines) -> None:
    mine = machines.back_up()
    other = replace(machines.lab, connect=lambda: machines.old.client[f"{machines.old.name}_other"])
    other.connect().Equipment.insert_one({"_id": "theirs"})
    machines.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    theirs = create(other, force=True).set
    other.connect().client.drop_database(other.connect().name)
    assert theirs is not None

    found, named = machines.look(), machines.look(of=machines.old.name)
    by_id = machines.look(of=mine.database_id[:8])

    assert found.chosen.backup == theirs and f"“{machines.old.name}”" in " ".join(found.warnings)
    assert named.chosen.backup == by_id.chosen.backup == mine and found.before == ()
    with pytest.raises(NoBackupsFound, match="none of the database nobody"):
        machines.look(of="nobody")


def test_a_disk_that_is_full_while_the_backup_is_fetched(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.old.Equipment.insert_many({"_id": 1000 + n, "Comments": "x" * 10_000} for n in range(300))
    machines.back_up()
    with SmallDisk(tmp_path / "small", 1 << 20) as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk.place))
        found = machines.look("remote")

        for room in (None, 100 << 20):  # said beforehand; then by the disk itself, which others fill
            if room:
                monkeypatch.setattr("backup_engine.storage.local.LocalStorage.free_bytes", lambda self: 100 << 20)
            with pytest.raises(NoSpace):
                recovering.recover(machines.bare, found)
            assert list(disk.place.iterdir()) == [] and machines.new.list_collection_names() == []


@pytest.mark.parametrize(("source", "error"), [
    ("", "no folder"), ("/nowhere/at/all", "no folder /nowhere/at/all"), ("file:///nowhere", "no folder file:///nowhere"),
    ("ftp://host/x", "no kind of remote"), ("s3://", "name of a bucket"), ("s3://key:hush@bucket/x", "no secrets"),
    ("sftp://host/x", "sftp://USER@HOST"), ("s3://bucket/x?endpoint=http://host", "without encryption"),
])
def test_a_wrong_address(machines: Machines, source: str, error: str) -> None:
    with pytest.raises(BackupError, match=error) as refused:
        recovering.look(machines.bare, source)

    assert refused.value.exit_code == 2 and "hush" not in str(refused.value)


def test_a_folder_with_nothing_of_ours_says_where_it_may_be(machines: Machines) -> None:
    machines.back_up()

    with pytest.raises(NoBackupsFound, match="neither a backup folder") as refused:
        recovering.look(machines.bare, str(machines.root))
    (machines.root / "empty").mkdir()
    with pytest.raises(NoBackupsFound, match="neither a backup folder"):
        recovering.look(machines.bare, str(machines.root / "empty"))

    assert refused.value.hint in {f"Did you mean {machines.root}/{name}?" for name in ("lab", "disk")}
