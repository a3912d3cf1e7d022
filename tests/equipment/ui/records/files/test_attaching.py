"""The dialog that attaches files: each by itself, and what cannot be says why."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.domain.roles import Role
from equipment.store.life import attachments
from tests.equipment.ui.records.files.lab import PDF, attached, attaching, lab
from tests.equipment.ui.records.loans.lab import key, opened, press, words

Db = Database[dict[str, Any]]


def given(database: Db, *files: tuple[str, bytes], role: Role = "technician") -> Any:
    test = opened(database, lab(database, role), attaching, (1,))
    return test.file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files]).run()


def names(database: Db) -> list[str]:
    return sorted(each.name for each in attachments.of_thing(database, key(1)))


def test_without_a_file_there_is_nothing_to_attach_and_cancel_leaves(database: Db) -> None:
    test = opened(database, lab(database), attaching, (1,))

    assert [button.disabled for button in test.button if button.label == "Attach"] == [True]
    assert not press(test, "Cancel").exception and names(database) == []


def test_files_are_attached_with_their_note(database: Db) -> None:
    test = given(database, ("a.pdf", PDF), ("../b.txt", b"words"))
    test.text_input[0].set_value("of 2026")

    test = press(test, "Attach")

    assert not test.exception and "Attached 2 files" in words(test)
    found = attachments.of_thing(database, key(1))
    assert {(each.name, each.by, each.note) for each in found} == {("a.pdf", "tom", "of 2026"),
                                                                  ("b.txt", "tom", "of 2026")}


def test_what_cannot_be_attached_says_why_and_the_others_are(database: Db) -> None:
    test = given(database, ("empty.txt", b""), ("good.pdf", PDF), ("large.bin", b"x" * 1_000_001))

    test = press(test, "Attach")

    shown = words(test)
    assert "2 files were left as they were; done for good.pdf." in shown
    assert "The file is empty" in shown and "larger than 1.0 MB" in shown and names(database) == ["good.pdf"]


def test_the_same_file_again_says_so(database: Db) -> None:
    test = given(database, ("again.pdf", PDF))
    attached(database)

    assert "is attached to this record already" in words(press(test, "Attach")) and names(database) == ["cert.pdf"]


def test_the_server_asks_for_the_right_again(database: Db) -> None:
    test = given(database, ("a.pdf", PDF))
    database["equipment_users"].update_one({"_id": "tom"}, {"$set": {"role": "user"}})

    assert "needs the role technician" in words(press(test, "Attach")) and names(database) == []
