"""Sets that are stored anew while a remote waits for them: nothing is lost, nothing readable is sent any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import fetch, offsite, prune, verify
from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import RemoteRefused
from backup_engine.model import BackupSet
from backup_engine.push import has_work, push
from backup_engine.remotes import queue
from backup_engine.remotes.target import Target
from backup_engine.repository import companions
from backup_engine.reseal import reseal
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up
from tests.backup_engine.keys.public_only import PUBLIC, files_below, with_key
from tests.backup_engine.offsite_places import target_of, with_remote
from tests.backup_engine.stored import file_of, flip

Db = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    return with_remote(tmp_path, database)


def sealed(ws: Workspace) -> Workspace:
    """The same once the host encrypts."""
    return replace(ws, seal=Seal(compression="zstd", recipients=(PUBLIC,)))


def two(ws: Workspace, database: Db) -> list[BackupSet]:
    """A full set and a differential over it."""
    full = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
    ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    made = create(ws, force=True, kind="differential").set
    assert full is not None and made is not None and made.kind == "differential"
    return [full, made]


def readable_there(tmp_path: Path) -> list[str]:
    return [name for name, data in files_below(tmp_path / "disk").items() if b"_id," in data]


@pytest.mark.parametrize("keep_old", [False, True], ids=["removed", "marked"])
def test_the_copies_wait_instead_and_nothing_readable_is_sent(
    ws: Workspace, database: Db, tmp_path: Path, keep_old: bool
) -> None:
    old = two(ws, database)
    assert len(queue.waiting(queue.read(ws.storage, "disk"), ws.catalog.sets())) == 2

    done = reseal(sealed(ws), keep_old=keep_old)

    assert (len(done.made), len(done.removed), done.left) == (2, 0 if keep_old else 2, ())
    assert "remote" not in done.message
    sent = push(ws, "disk")
    assert ({backup.backup_id for backup in sent.sent}, sent.waiting) == ({made.backup_id for made in done.made}, 0)
    assert readable_there(tmp_path) == []
    with fetch.viewed(with_key(ws), "disk") as there:
        newest = there.catalog.find(done.made[-1].backup_id)
        assert newest.reseals == old[-1].backup_id and verify.verify(there, newest, 2, remember=False).ok
        assert set(compare(there, newest, "current", "equipment").counts.values()) == {0}, "it is the list of now"


def test_what_lies_there_already_goes_once_the_copies_have_arrived(
    ws: Workspace, database: Db, tmp_path: Path
) -> None:
    two(ws, database)
    push(ws, "disk")
    assert readable_there(tmp_path)

    done = reseal(sealed(ws))

    assert done.message.endswith("As they were before they still lie in remote disk; they are deleted there once the "
                                 "new ones have arrived.")
    sent = push(ws, "disk")
    assert (len(sent.sent), len(sent.cleared), sent.replaced) == (2, 2, ())
    assert sent.message == "2 backups sent to remote disk, 2 as they were before deleted there."
    assert readable_there(tmp_path) == []
    with fetch.viewed(with_key(ws), "disk") as there:
        lying = there.catalog.sets()
        assert {backup.backup_id for backup in lying} == {backup.backup_id for backup in done.made}
        assert all(verify.verify(there, backup, 2, remember=False).ok for backup in lying)
    assert push(ws, "disk").cleared == ()


def test_the_applications_own_data_of_before_goes_there_as_well(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    database.equipment_users.insert_one({"_id": "ada", "name": "Zeppelin 4711"})
    ws = with_remote(tmp_path, database, application=OWN)
    two(ws, database)
    push(ws, "disk")
    lying = [name for name, data in files_below(tmp_path / "disk").items() if b"Zeppelin 4711" in data]
    assert lying and all(name.startswith("app/") for name in lying)

    reseal(sealed(ws))
    sent = push(ws, "disk")

    assert (sent.problem, sent.replaced, len(sent.cleared)) == ("", (), 4)
    assert not [name for name, data in files_below(tmp_path / "disk").items() if b"Zeppelin 4711" in data]
    assert readable_there(tmp_path) == []
    assert len(list((tmp_path / "disk" / "app" / "sets").iterdir())) == 2
    again = push(ws, "disk")
    assert (again.sent, again.waiting, again.with_own, again.cleared) == ((), 0, 0, ())


def test_stored_anew_twice_before_anything_was_sent(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy in between was never there; what it was made of is, and both kinds are found by every earlier id."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    ws = with_remote(tmp_path, database, application=OWN)
    first = two(ws, database)
    database.equipment_users.delete_one({"_id": "u1"})
    first.append(back_up(ws))
    push(ws, "disk")

    reseal(replace(ws, seal=Seal(compression="gzip")))
    done = reseal(sealed(ws))
    lists_alone = replace(sealed(ws), annex=None)
    unwanted = back_up(lists_alone)
    back_up(lists_alone)
    prune.delete(ws, unwanted)  # clears away the application's own data that no list has

    assert "still lie in remote disk" in done.message
    for old in first:
        copy = ws.catalog.find(old.backup_id)
        own = companions.of(ws, copy)
        assert copy.encrypted and copy.originals[-1] == old.backup_id and len(copy.originals) == 2
        assert own is not None and own.originals[-1] == old.companion
    sent = push(ws, "disk")
    assert (sent.problem, sent.replaced, len(sent.cleared)) == ("", (), 6)
    assert readable_there(tmp_path) == []


def test_a_refusal_is_asked_again_although_something_is_sent_every_hour(
    ws: Workspace, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(ws, database)
    push(ws, "disk")
    reseal(sealed(ws))
    tries = list[str]()

    def refusing(self: Target, entry: Any) -> None:
        tries.append(entry.backup.label)
        raise RemoteRefused("disk: 403 AccessDenied")

    monkeypatch.setattr(Target, "remove", refusing)
    for _ in range(30):
        push(ws, "disk")
        ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]

    assert len(tries) == 2


def test_what_is_kept_here_is_kept_there(ws: Workspace, database: Db) -> None:
    two(ws, database)
    push(ws, "disk")

    done = reseal(sealed(ws), keep_old=True)

    assert done.message.endswith("As they were before they still lie in remote disk.")
    assert push(ws, "disk").cleared == ()
    with fetch.viewed(ws, "disk") as there:
        assert len(there.catalog.sets()) == 4


def pieces_of(tmp_path: Path, backup: BackupSet) -> list[Path]:
    return sorted((tmp_path / "disk" / "data" / backup.backup_id).rglob("*.csv*"))


@pytest.mark.parametrize("damage", ["flipped", "missing", "forged"])
def test_nothing_goes_there_while_its_copy_there_is_not_sound(
    ws: Workspace, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    old = two(ws, database)
    push(ws, "disk")
    done = reseal(sealed(ws))
    whole = Target.entries

    def entries(self: Target, **options: Any) -> Any:
        """What lies there is damaged between the sending and the deletion."""
        for made in done.made:
            for path in pieces_of(tmp_path, made):
                flip(path, 30) if damage == "flipped" else path.unlink() if damage == "missing" else None
        found = whole(self, **options)
        if damage == "forged":
            return [replace(entry, backup=replace(entry.backup, parts={})) if entry.backup.reseals else entry
                    for entry in found]
        return found

    monkeypatch.setattr(Target, "entries", entries)
    sent = push(ws, "disk")

    assert (len(sent.sent), sent.cleared) == (2, ())
    assert {each.label for each in sent.replaced} == {backup.label for backup in old}
    assert all(pieces_of(tmp_path, backup) for backup in old)


def test_a_store_that_refuses_is_said_and_asked_again_the_next_day(
    ws: Workspace, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = two(ws, database)
    push(ws, "disk")
    reseal(sealed(ws))
    tries, remove = list[str](), Target.remove

    def refusing(self: Target, entry: Any) -> None:
        tries.append(entry.backup.label)
        raise RemoteRefused("disk: 403 AccessDenied")

    monkeypatch.setattr(Target, "remove", refusing)
    sent = push(ws, "disk")
    assert (sent.cleared, sent.problem, len(tries)) == ((), "", 1), "the full one waits for what rests on it"
    assert "As they were before stay there: " in sent.message and "403 AccessDenied" in sent.message
    [standing] = offsite.remote_standings(ws)
    assert {each.label for each in standing.line.replaced.values()} == {backup.label for backup in old}
    assert standing.state == "up to date"

    monkeypatch.setattr(Target, "remove", remove)
    assert push(ws, "disk").cleared == () and len(tries) == 1
    assert not has_work(ws, standing.remote)  # type: ignore[arg-type]
    ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    assert has_work(ws, standing.remote)  # type: ignore[arg-type]
    later = push(ws, "disk")
    assert (sorted(later.cleared), later.replaced) == (sorted(backup.label for backup in old), ())
    assert readable_there(tmp_path) == []


def test_killed_in_the_middle_of_deleting_the_pieces_go_the_next_day(
    ws: Workspace, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(ws, database)
    push(ws, "disk")
    reseal(sealed(ws))

    def dying(self: Target, entry: Any) -> None:
        self.store.delete(entry.key)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Target, "remove", dying)
        push(ws, "disk")
    assert readable_there(tmp_path)

    assert len(push(ws, "disk").cleared) == 2
    assert readable_there(tmp_path) == []


def test_a_marked_set_is_sent_while_something_that_stays_rests_on_it(ws: Workspace, database: Db) -> None:
    full, resting = two(ws, database)
    path = file_of(ws, resting)
    kept = path.read_bytes()
    flip(path, len(kept) // 2)
    done = reseal(sealed(ws))
    assert [backup.backup_id for backup, _ in done.left] == [resting.backup_id] and done.removed == ()
    path.write_bytes(kept)

    sent = push(ws, "disk")

    assert {backup.backup_id for backup in sent.sent} == {full.backup_id, resting.backup_id, done.made[0].backup_id}
    assert (sent.waiting, sent.problem) == (0, "")


def test_a_marked_set_whose_copy_is_gone_is_sent(ws: Workspace, database: Db) -> None:
    full = back_up(ws)
    [copy] = reseal(sealed(ws), keep_old=True).made
    ws.catalog.remove(copy)

    assert [backup.backup_id for backup in push(ws, "disk").sent] == [full.backup_id]


def test_retention_does_not_wait_for_what_is_not_sent(ws: Workspace) -> None:
    old = back_up(ws)
    reseal(sealed(ws), keep_old=True)
    for _ in range(12):
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
        assert not [word for word in create(ws, force=True).warnings if "let go" in word]

    done = prune.prune(ws)

    assert old.backup_id not in {backup.backup_id for backup in ws.catalog.sets()}
    reasons = {decision.backup.reseals: decision.reason for decision in done.decisions}
    assert reasons[old.backup_id] == "not sent yet to disk", "the copy waits in its place"


@pytest.mark.parametrize("away", ["deleted", "stored anew"])
def test_a_set_that_goes_while_sending_is_passed_over(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    older, newer = back_up(ws), (ws.clock.pass_by(hours=1), back_up(ws))[1]  # type: ignore[attr-defined]
    send, go = Target.send, {"deleted": lambda: ws.catalog.remove(older), "stored anew": lambda: reseal(sealed(ws))}
    once: list[Callable[[], Any]] = [go[away]]

    def sending(self: Target, *args: Any, **kwargs: Any) -> None:
        send(self, *args, **kwargs)
        if once:
            once.pop()()

    monkeypatch.setattr(Target, "send", sending)

    done = push(ws, "disk")

    assert [backup.backup_id for backup in done.sent] == [newer.backup_id] and done.problem == ""
    line = queue.read(ws.storage, "disk")
    assert line.sending == {}
    left = queue.waiting(line, ws.catalog.sets())
    assert {backup.reseals for backup in left} == (
        set() if away == "deleted" else {older.backup_id, newer.backup_id}), "the copies wait"


def test_a_file_that_is_missing_here_is_trouble(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, send = back_up(ws), Target.send

    def sending(self: Target, *args: Any, **kwargs: Any) -> None:
        file_of(ws, backup).unlink(missing_ok=True)
        send(self, *args, **kwargs)

    monkeypatch.setattr(Target, "send", sending)

    assert "Backup file not found" in push(ws, "disk").problem


def test_the_newest_content_goes_first_whenever_it_was_stored_anew(ws: Workspace, tmp_path: Path) -> None:
    old = []
    for _ in range(2):
        old.append(back_up(ws).backup_id)
        ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    newest = back_up(sealed(ws))
    assert len(reseal(sealed(ws)).made) == 2

    sent = push(ws, "disk").sent

    assert [backup.reseals or backup.backup_id for backup in sent] == [newest.backup_id, *reversed(old)]
    assert [entry.backup.backup_id for entry in target_of(tmp_path).entries()] == [
        backup.backup_id for backup in reversed(sent)]
