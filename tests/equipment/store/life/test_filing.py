"""Files on records: who may, once, kept with the trash, and each deed in the history."""

from __future__ import annotations

import io
import threading
from typing import Any

import mongomock
import pytest
from PIL import Image
from pymongo.database import Database

from backup_engine.errors import BadInput, NoSpace, PermissionDenied
from equipment.domain.life.attachment import ANY, Attachment, Limits
from equipment.store import activity
from equipment.store.access import SYSTEM, Who
from equipment.store.life import attachments, file_bytes, filing
from equipment.store.life.attachments import ATTACHMENTS
from equipment.store.list import keys, records, trash
from equipment.store.list.records import Entry
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
LIMITS = Limits(1_000_000, 3_000_000)
PDF = b"%PDF-1.7 certificate"


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def who(database: Db) -> Who:
    attachments.prepare(database)
    file_bytes.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in range(1, 4)])
    return signed_in(database, "technician", "tom")


def entry(db: Any, number: int = 1) -> Entry:
    found = records.get(db, keys.key_of_id(number))
    assert found is not None
    return found


def attach(db: Any, who: Who, data: bytes = PDF, name: str = "cert.pdf", number: int = 1) -> Attachment:
    return filing.attach(db, who, entry(db, number), name, io.BytesIO(data), LIMITS, note=" of 2026 ")


def read(db: Any, who: Who, number: str) -> bytes:
    return b"".join(filing.opened(db, who, number)[1])


def said(db: Db) -> list[tuple[str, str]]:
    return [(each["action"], each["note"])
            for each in activity.of_target(db, keys.target(keys.key_of_id(1)), limit=9)]


def test_a_file_is_attached_removed_and_brought_back_and_the_record_is_not_touched(database: Db, who: Who) -> None:
    before = entry(database).raw

    one = attach(database, who)

    assert (one.name, one.type, one.size, one.by, one.note) == ("cert.pdf", "application/pdf", 20, "tom", "of 2026")
    assert attachments.of_thing(database, one.thing) == [one] and read(database, who, one.number) == PDF
    gone = filing.remove(database, who, one.number)
    assert gone.removed and gone.removed_by == "tom"
    assert attachments.of_thing(database, one.thing) == []
    assert attachments.of_thing(database, one.thing, removed=True) == [gone]
    with pytest.raises(BadInput, match="was removed"):
        read(database, who, one.number)
    assert filing.restore(database, who, one.number) == one and read(database, who, one.number) == PDF
    assert entry(database).raw == before
    assert said(database) == [("files.restore", "cert.pdf, 20 bytes"), ("files.remove", "cert.pdf, 20 bytes"),
                              ("files.attach", "cert.pdf, 20 bytes")]


def test_a_picture_has_a_small_one_and_what_only_says_so_has_none(database: Db, who: Who) -> None:
    real = attach(database, who, picture(), "IMG_1.PNG")
    page = attach(database, who, b"<script>alert(1)</script>", "photo.jpg")
    broken = attach(database, who, b"\xff\xd8\xff" + b"x" * 99, "broken.jpg")

    assert real.type == "image/png" and real.thumbnail.startswith(b"\xff\xd8\xff") and real.is_shown
    assert (page.type, page.thumbnail, page.is_shown) == (ANY, b"", False)
    assert (broken.type, broken.thumbnail) == ("image/jpeg", b"")


def test_the_same_file_on_two_records_is_kept_once(database: Db, who: Who) -> None:
    first, second = attach(database, who), attach(database, who, name="same.pdf", number=2)

    assert first.sha256 == second.sha256
    assert [each for each, _ in file_bytes.held(database)] == [first.sha256]
    filing.remove(database, who, first.number)
    assert read(database, who, second.number) == PDF


def test_a_record_has_the_same_file_once_also_when_it_comes_back(database: Db, who: Who) -> None:
    first = attach(database, who)
    with pytest.raises(BadInput, match=r"again\.pdf is attached to this record already"):
        attach(database, who, name="again.pdf")
    filing.remove(database, who, first.number)
    second = attach(database, who, name="again.pdf")

    with pytest.raises(BadInput, match="attached to this record already"):
        filing.restore(database, who, first.number)
    assert attachments.of_thing(database, first.thing) == [second]


def test_many_at_the_same_moment_and_one_is_attached(database: Db, who: Who) -> None:
    start, done, refused = threading.Barrier(6), list[Attachment](), list[BadInput]()

    def press() -> None:
        start.wait()
        try:
            done.append(attach(database, who))
        except BadInput as error:
            refused.append(error)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), len(refused)) == (1, 5)
    assert database[ATTACHMENTS].count_documents({}) == 1 and read(database, who, done[0].number) == PDF


@pytest.mark.parametrize("role", ["user"])
def test_a_user_reads_and_changes_nothing(database: Db, who: Who, role: Any) -> None:
    there, user = attach(database, who), signed_in(database, role, "ulf")

    assert read(database, user, there.number) == PDF
    for forbidden in (lambda: attach(database, user, b"other"), lambda: filing.remove(database, user, there.number),
                      lambda: filing.restore(database, user, there.number)):
        with pytest.raises(PermissionDenied, match="needs the role technician"):
            forbidden()
    with pytest.raises(PermissionDenied):
        read(database, Who("nobody", ""), there.number)
    assert database[ATTACHMENTS].count_documents({}) == 1


def test_what_cannot_be_kept_is_refused_and_nothing_of_it_is_left(database: Db, who: Who) -> None:
    for data, error, words in ((b"", BadInput, "empty"), (b"x" * 1_000_001, BadInput, "larger than")):
        with pytest.raises(error, match=words):
            attach(database, who, data)
    gone = entry(database, 3)
    database["Equipment"].delete_one({"_id": 3})
    with pytest.raises(BadInput, match="not in the list any more"):
        filing.attach(database, who, gone, "a", io.BytesIO(b"a"), LIMITS)
    assert (list(file_bytes.held(database)), database[ATTACHMENTS].count_documents({})) == ([], 0)


def test_all_files_together_have_a_limit_and_what_is_there_counts_once(database: Db, who: Who) -> None:
    limits = Limits(100, 150)
    filing.attach(database, who, entry(database), "a", io.BytesIO(b"a" * 100), limits)

    with pytest.raises(NoSpace, match="all files together may have 150 bytes"):
        filing.attach(database, who, entry(database), "b", io.BytesIO(b"b" * 51), limits)
    filing.attach(database, who, entry(database, 2), "a", io.BytesIO(b"a" * 100), limits)
    filing.attach(database, who, entry(database), "b", io.BytesIO(b"b" * 50), limits)


def test_the_trash_keeps_the_files_of_its_records(database: Db, who: Who) -> None:
    manager = signed_in(database, "manager", "mia")
    there = attach(database, who)

    trash.move(database, manager, [entry(database)])
    assert read(database, who, there.number) == PDF
    [gone] = trash.entries(database)
    trash.bring_back(database, manager, [gone.number])

    assert attachments.of_thing(database, entry(database).key) == [there]


@pytest.mark.parametrize("number", ["", "x", "000000000000000000000000"])
def test_what_is_not_there_is_said(database: Db, who: Who, number: str) -> None:
    for deed in (filing.remove, filing.restore, filing.opened):
        with pytest.raises(BadInput, match="no such file"):
            deed(database, who, number)


def test_twice_removed_or_brought_back_says_so(database: Db, who: Who) -> None:
    there = attach(database, who)
    with pytest.raises(BadInput, match="is there already"):
        filing.restore(database, who, there.number)
    filing.remove(database, who, there.number)
    with pytest.raises(BadInput, match="removed already"):
        filing.remove(database, who, there.number)


def test_it_works_in_memory_too() -> None:
    db: Any = mongomock.MongoClient()["demo"]
    db["Equipment"].insert_one({"_id": 1, "ID": 1})
    attachments.prepare(db)

    there = attach(db, SYSTEM, b"x" * 900_000)

    assert read(db, SYSTEM, there.number) == b"x" * 900_000
    with pytest.raises(BadInput, match="already"):
        attach(db, SYSTEM, b"x" * 900_000)
