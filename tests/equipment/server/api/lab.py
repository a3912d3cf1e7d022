"""The API without a server around it: a database, tokens, and requests as a program sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from pymongo.database import Database
from starlette.applications import Starlette
from starlette.testclient import TestClient

from equipment.domain.roles import Role
from equipment.server.api import endpoint
from equipment.server.api.turns import Turns
from equipment.settings import Settings
from equipment.store.accounts import tokens
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PLENTY = (100_000, 100_000)


class Lab:
    """One installation's API."""

    def __init__(self, db: Db, folder: Path, turns: Turns | None = None) -> None:
        self.db = db
        self.settings = Settings(backup_folder=folder / "backups", data_folder=folder / "data",
                                 mongodb_uri="mongodb://not-asked", mongodb_database=db.name)
        self.app = Starlette(routes=endpoint.routes(self.settings, lambda: db, turns or Turns(PLENTY, PLENTY)))
        self.client = TestClient(self.app, raise_server_exceptions=True)
        self._tokens: dict[tuple[str, str], str] = {}

    def token(self, role: Role = "admin", scope: str = "write") -> str:
        """Give the token of an account that is called like its role."""
        if (role, scope) not in self._tokens:
            name = f"{role}-{scope}"
            self._tokens[role, scope] = tokens.make(self.db, signed_in(self.db, role, name), "sync", role, scope, 9)[1]
        return self._tokens[role, scope]

    def ask(self, method: str, path: str, *, role: Role = "admin", scope: str = "write", match: str = "",
            **options: Any) -> httpx.Response:
        """Send a request with a token of that role and scope; ``match`` is what ``If-Match`` says."""
        headers = {"Authorization": f"Bearer {self.token(role, scope)}", **options.pop("headers", {})}
        if match:
            headers["If-Match"] = match
        return self.client.request(method, f"/api/v1{path}", headers=headers, **options)


def problem(answer: httpx.Response, status: int, code: str = "") -> dict[str, Any]:
    """Give the problem that an answer is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "code", "detail", "hint", "reference"}
    assert told["status"] == status and told["detail"] and "Traceback" not in answer.text
    assert not code or told["code"] == code, told
    return told
