"""The route of the list's files sends a file that was made beside the page to whoever made it, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from backup_engine.model import SILENT
from equipment.exchange import kept_exports
from equipment.server.downloads import list_downloads
from equipment.store.accounts import sessions
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def test_a_file_made_beside_the_page(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    database.Equipment.insert_one({"ID": 1, "Vendor": "Acme"})
    una, ada = signed_in(database, "user", "una"), signed_in(database, "admin", "ada")
    cookies = {"una's": una.session, "ada's": ada.session}
    monkeypatch.setattr(sessions, "by_cookie", lambda _db, cookie: cookies.get(cookie))
    made = kept_exports.keep(database, una, "csv", [b"made"], SILENT)

    def got(kind: str, cookie: str) -> bytes:
        return b"".join(list_downloads._open(database, kind, {"made": [made.number]}, cookie, "192.0.2.9"))

    assert got("csv", "una's") == b"made"
    with pytest.raises(BadInput, match="This file is CSV"):
        got("xlsx", "una's")
    with pytest.raises(BadInput, match="no longer there"):
        got("csv", "ada's")
    with pytest.raises(PermissionDenied):
        got("csv", "forged")
