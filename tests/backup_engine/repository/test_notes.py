"""A note reads back as written, and as empty when it is damaged in any way; a storage that fails is told apart."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from backup_engine import prune
from backup_engine.errors import BackupError, PermissionDenied
from backup_engine.making import resume_tokens
from backup_engine.making.resume_tokens import Mark
from backup_engine.remotes import queue
from backup_engine.repository import intents, ledger, notes
from backup_engine.repository.intents import Intent
from backup_engine.repository.notes import Note
from backup_engine.scheduling import scheduler
from backup_engine.storage import LocalStorage, MemoryStorage, Storage
from backup_engine.storage.base import STATE
from tests.backup_engine.sets import make_set
from tests.backup_engine.stored import folder

LABEL = "20250604_120000"
WHEN = datetime(2025, 6, 4, 12, tzinfo=UTC)
BACKUP = make_set(1, WHEN, backup_id=LABEL, label=LABEL)


@dataclass(frozen=True)
class User:
    """Somebody's note: a value as it is written, and what reading gives then."""

    note: Note[Any]
    written: Any
    read: Any


USERS = {
    "plain": User(Note("plain.json", lambda about: {"count": int(about["count"])}, dict), {"count": 3}, {"count": 3}),
    "ledger": User(
        ledger._note, {"a": {"level": 2, "ok": True, "when": WHEN, "proven": None}}, {"a": ledger.Check(2, True, WHEN)}
    ),
    "retention": User(prune._acknowledgement, {"acknowledged": {"": 7}}, {"": 7}),
    "retention of 1.1": User(prune._acknowledgement, {"acknowledged_seq": 7}, {"": 7}),
    "mark": User(
        resume_tokens._note(BACKUP), {"backup_id": LABEL, "token": '{"_data": "82"}', "uuids": {"equipment": "00"}},
        Mark({"_data": "82"}, {"equipment": "00"}),
    ),
    "intent": User(
        intents._note(LABEL), {"label": LABEL, "day": "wednesday", "files": [], "doing": "remove"},
        Intent(LABEL, "wednesday", (), "remove"),
    ),
    "uploads": User(queue._note("cloud"), asdict(queue.Line(sent={"a": "then"})), queue.Line(sent={"a": "then"})),
    "checks": User(
        scheduler._note,
        [{"result": "failed", "message": "m", "trigger": "auto", "first": WHEN, "last": WHEN, "times": 2}],
        [scheduler.Check("failed", "m", "auto", WHEN, WHEN, 2)],
    ),
}

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "blank": lambda _: b" \n",
    "truncated": lambda text: text[:-1],
    "doubled": lambda text: text * 2,
    "not UTF-8": lambda _: b'{"count":"\xff"}',
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "BOM": lambda text: b"\xef\xbb\xbf" + text,
    "NUL": lambda text: b"\0" * len(text),
    "array of numbers": lambda _: b"[1]",
    "object of nothing": lambda _: b'{"a":null}',
    "text": lambda _: b'"count"',
    "number": lambda _: b"3",
    "null": lambda _: b"null",
    "deep arrays": lambda _: b"[" * 100_000,
    "deep objects": lambda _: b'{"a":' * 100_000,
    "a number of 5,000 digits": lambda _: b"9" * 5000,
    "an array around it": lambda text: b"[" + text + b"]",
    "a key twice": lambda text: text.replace(b"{", b'{"count":3,"count":3,', 1),
    "a key twice, further in": lambda text: text.replace(b"}", b',"a":1,"a":1}', 1),
    "NaN": lambda text: text.replace(b"{", b'{"not":NaN,', 1),
    "infinity": lambda text: text.replace(b"{", b'{"not":-Infinity,', 1),
}


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


@pytest.fixture(params=USERS)
def user(request: pytest.FixtureRequest) -> User:
    return USERS[request.param]


def stored(storage: Storage, note: Note[Any]) -> bytes:
    with storage.open(STATE, note.name) as file:
        return file.read()


def ours(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What the engine logged; threads of servers that an earlier test used may still be hanging up."""
    return [(record.levelname, record.message.split(":")[0]) for record in caplog.records
            if record.name.startswith("backup_engine")]


def test_what_is_written_is_read(storage: LocalStorage, user: User) -> None:
    user.note.write(storage, user.written)

    assert user.note.read(storage) == user.note.read_anyway(storage) == user.read != user.note.empty()


def test_one_value_is_always_the_same_bytes(storage: LocalStorage) -> None:
    note = USERS["plain"].note
    note.write(storage, {"b": WHEN, "a": "\udcff ü"})

    assert stored(storage, note) == b'{"a":"\\udcff \\u00fc","b":"2025-06-04T12:00:00+00:00"}'

    note.write(storage, {"a": "\udcff ü", "b": WHEN})

    assert json.loads(stored(storage, note)) == {"a": "\udcff ü", "b": "2025-06-04T12:00:00+00:00"}
    assert stored(storage, note).startswith(b'{"a":"\\udcff')


def test_a_note_that_is_not_there_is_empty_and_nothing_to_talk_about(
    storage: LocalStorage, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert user.note.read(storage) == user.note.read_anyway(storage) == user.note.empty()
    assert ours(caplog) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_note_is_empty_and_the_log_says_why(
    storage: LocalStorage, user: User, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    user.note.write(storage, user.written)
    storage.put(STATE, user.note.name, DAMAGE[damage](stored(storage, user.note)))

    assert user.note.read(storage) == user.note.empty()
    assert ours(caplog) == [("INFO", f"{user.note.name} counts as missing")]

    user.note.write(storage, user.written)

    assert user.note.read(storage) == user.read


WRONG = [None, True, -1, 1.5, 10**400, "", "x", [], [[]], {}, {"a": {}}, "0001-01-01", "9999-12-31T23:59:59-12:00"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: str(wrong)[:10])
def test_a_wrong_value_anywhere_is_no_fault(storage: LocalStorage, user: User, wrong: Any) -> None:
    """A note may be wrong without showing it; what matters is that it reads as something of its kind."""
    for key in innermost(user.written):
        user.note.write(storage, changed(user.written, {key: wrong}))

        assert type(user.note.read(storage)) in (type(user.read), type(user.note.empty())), key


def test_a_note_of_any_size_is_not_read_to_its_end(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    note = USERS["plain"].note
    note.write(storage, {"count": 3})
    size = len(stored(storage, note))
    monkeypatch.setattr(notes, "MAX_BYTES", size)
    assert note.read(storage) == {"count": 3}

    with (storage.root / STATE / note.name).open("ab") as file:
        file.truncate(8 << 30)  # of nothing: it takes no room on the disk

    with caplog.at_level(logging.INFO):
        assert note.read(storage) == {}
    assert "it is too large" in caplog.text


ADDED = {"proven", "replaced", "cleared", "comments", "failed_at", "failing_since", "there"}
"""Keys that a note of an earlier day does not have."""


def test_a_missing_key_is_damage(storage: LocalStorage, user: User) -> None:
    for key in innermost(user.written).keys() - ADDED:
        user.note.write(storage, changed(user.written, {}, without=key))

        assert user.note.read(storage) == user.note.empty(), key


def innermost(written: Any) -> dict[str, Any]:
    """The object in which a note describes one thing."""
    described: dict[str, Any] = written[0] if isinstance(written, list) else written.get("a", written)
    return described


def changed(written: Any, values: dict[str, Any], without: str = "") -> Any:
    described = {key: value for key, value in {**innermost(written), **values}.items() if key != without}
    if isinstance(written, list):
        return [described]
    return {"a": described} if "a" in written else described


class Unreachable(MemoryStorage):
    """A storage whose disk is gone, at once or after the file was opened."""

    def __init__(self, *, when_read: bool) -> None:
        super().__init__()
        self._when_read = when_read

    def open(self, folder: str, name: str) -> BinaryIO:
        if not self._when_read:
            raise BackupError("the disk reports a fault")
        return Path("/proc/self/mem").open("rb")  # opens, and answers EIO


@pytest.mark.parametrize("when_read", [False, True])
def test_a_storage_that_fails_is_no_empty_note(user: User, when_read: bool) -> None:
    storage = Unreachable(when_read=when_read)

    with pytest.raises(BackupError, match="the disk reports a fault"):
        user.note.read(storage)
    assert user.note.read_anyway(storage) == user.note.empty()


def test_a_link_in_its_place_is_refused_not_followed(storage: LocalStorage, tmp_path: Path) -> None:
    user = USERS["plain"]
    (tmp_path / "elsewhere").write_text('{"count": 3}')
    storage.put(STATE, "x", b"")
    (tmp_path / STATE / user.note.name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionDenied):
        user.note.read(storage)
    assert user.note.read_anyway(storage) == {}


def test_an_exclusive_note_is_written_once_and_deleting_it_twice_is_no_fault(storage: LocalStorage) -> None:
    user = USERS["plain"]
    user.note.write(storage, {"count": 1}, exclusive=True)
    with pytest.raises(FileExistsError):
        user.note.write(storage, {"count": 2}, exclusive=True)

    assert user.note.read(storage) == {"count": 1}

    user.note.delete(storage)
    user.note.delete(storage)

    assert user.note.read(storage) == {}


def test_what_other_verbs_do_works_where_notes_cannot_be_read(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    for name in ("verified.json", "retention.json"):
        (tmp_path / STATE).mkdir(exist_ok=True)
        (tmp_path / STATE / name).mkdir()

    assert ledger.read(ws.storage) == {}
    assert ledger.last_drill(ws) is None
    assert prune.halted(ws) == "there is no good backup to measure from"
