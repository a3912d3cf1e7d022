"""A file over HTTP: to whom it is sent, as what, under which name, and what is said when it is damaged."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from pymongo.database import Database
from starlette.applications import Starlette
from starlette.testclient import TestClient

from equipment.accounts import cookie as cookies
from equipment.domain.life.attachment import Attachment, Limits
from equipment.server.downloads import file_download
from equipment.settings import Settings
from equipment.store.access import SYSTEM, Who
from equipment.store.accounts import sessions
from equipment.store.life import file_bytes, filing
from equipment.store.list import keys, records
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
SETTINGS = Settings()
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50


@pytest.fixture
def ulf(database: Db) -> Who:
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    return signed_in(database, "user", "ulf")


def attached(database: Db, data: bytes, name: str) -> Attachment:
    [entry] = records.entries(database, [keys.key_of_id(1)])
    return filing.attach(database, SYSTEM, entry, name, io.BytesIO(data), Limits(9_000_000, 9_000_000))


def ask(database: Db, path: str, monkeypatch: pytest.MonkeyPatch, session: str | None) -> Any:
    monkeypatch.setattr(sessions, "by_cookie", lambda _db, cookie: session if cookie == "secret" else None)
    monkeypatch.setattr(cookies, "given", lambda given, _settings: given.get("c", ""))
    client = TestClient(Starlette(routes=list(file_download.routes(SETTINGS, lambda: database))))
    return client.get(path, headers={"Cookie": "c=secret"} if session else {})


def test_it_is_sent_whole_as_a_download(database: Db, ulf: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"%PDF-" + b"x" * (2 * file_bytes.PART)
    there = attached(database, data, 'Prüf "A";.pdf')

    answer = ask(database, file_download.path_of(there.number), monkeypatch, ulf.session)

    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Pr_f _A_;.pdf\"; filename*=UTF-8''Pr%C3%BCf%20_A_%3B.pdf")
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(("data", "name", "kind", "how"), [
    (PNG, "a.png", "image/png", "inline"), (b"%PDF-1", "a.pdf", "application/pdf", "inline"),
    (b"<script>alert(1)</script>", "a.png", "application/octet-stream", "attachment"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "application/octet-stream", "attachment"),
])
def test_only_pictures_and_pdf_are_shown(
    database: Db, ulf: Who, monkeypatch: pytest.MonkeyPatch, data: bytes, name: str, kind: str, how: str
) -> None:
    there = attached(database, data, name)

    answer = ask(database, file_download.path_of(there.number, show=True), monkeypatch, ulf.session)

    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].partition(";")[0] == how
    assert ("sandbox" in answer.headers.get("content-security-policy", "")) is (kind != "application/pdf")


def test_nobody_who_is_not_signed_in_has_it(database: Db, ulf: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    there = attached(database, PNG, "a.png")
    path = file_download.path_of(there.number)

    assert ask(database, path, monkeypatch, None).status_code == 403
    database["equipment_users"].update_one({"_id": "ulf"}, {"$set": {"state": "disabled"}})
    answer = ask(database, path, monkeypatch, ulf.session)
    assert answer.status_code == 403 and PNG not in answer.content


def test_what_is_removed_missing_or_damaged_is_said(
    database: Db, ulf: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = attached(database, PNG, "a.png")
    path = file_download.path_of(there.number)
    for number in ("x", "0" * 24):
        answer = ask(database, file_download.path_of(number), monkeypatch, ulf.session)
        assert answer.status_code == 404 and "no such file" in answer.text
    database[file_bytes.CHUNKS].delete_many({})
    answer = ask(database, path, monkeypatch, ulf.session)
    assert answer.status_code == 404 and hashlib.sha256(PNG).hexdigest() in answer.text and "missing" in answer.text
    filing.remove(database, SYSTEM, there.number)
    assert "was removed" in ask(database, path, monkeypatch, ulf.session).text
