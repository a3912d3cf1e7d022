"""What every operation has in common: who is let in, and how everything that is wrong is said."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from equipment.server import application
from equipment.server.api import bodies, endpoint
from equipment.server.api.openapi import plain_path
from equipment.server.api.table import operations
from equipment.server.api.turns import Turns
from equipment.store.access import USERS
from equipment.store.accounts import tokens
from tests.equipment.server.api.lab import PLENTY, Db, Lab, problem

OPERATIONS = [(operation.method, re.sub(r"\{\w+\}", "x", plain_path(operation.path))) for operation in operations()]


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Lab:
    return Lab(database, tmp_path)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("header", [None, "", "Basic eDp5", "Bearer", "Bearer eq_" + "A" * 43, "Bearer token:1"])
def test_nothing_is_answered_without_a_token(lab: Lab, method: str, path: str, header: str | None) -> None:
    sent = {} if header is None else {"Authorization": header}
    answer = lab.client.request(method, f"/api/v1{path}", headers=sent)

    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_cookies_are_never_looked_at(lab: Lab) -> None:
    lab.client.cookies.set("equipment", lab.token())

    problem(lab.client.get("/api/v1/records"), 401, "TokenNeeded")
    assert "set-cookie" not in lab.ask("GET", "/me").headers


def test_no_other_origin_is_allowed(lab: Lab) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    preflight = lab.client.options("/api/v1/records", headers=asked)

    problem(preflight, 405)
    answers = (preflight, lab.ask("GET", "/records", headers=asked))
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


def test_who_is_disabled_or_lower_now_counts_at_the_next_request(lab: Lab, database: Db) -> None:
    assert lab.ask("GET", "/me", role="manager").json() == {
        "account": "manager-write", "name": "manager-write", "token": "sync", "role": "manager", "scope": "write"}

    database[USERS].update_one({"_id": "manager-write"}, {"$set": {"role": "user"}})
    assert lab.ask("GET", "/me", role="manager").json()["role"] == "user"
    database[USERS].update_one({"_id": "manager-write"}, {"$set": {"state": "disabled"}})
    problem(lab.ask("GET", "/me", role="manager"), 401, "TokenEnded")


def test_a_wrong_method_says_which_there_are(lab: Lab) -> None:
    answer = lab.ask("PUT", "/records")

    problem(answer, 405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert lab.ask("HEAD", "/options").status_code == 200
    assert lab.client.post("/api/v1/docs").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v2/records", "/api/v1/users", "/api/v1/records/"])
def test_what_is_not_there_is_a_problem_too(lab: Lab, path: str) -> None:
    answer = lab.client.get(path, headers={"Authorization": f"Bearer {lab.token()}"}, follow_redirects=True)

    assert answer.status_code == 404
    assert path == "/api" or problem(answer, 404)


@pytest.mark.parametrize(("accept", "status"), [
    ("*/*", 200), ("application/json", 200), ("text/html, application/*;q=0.5", 200), ("text/html", 406),
])
def test_answers_are_json(lab: Lab, accept: str, status: int) -> None:
    assert lab.ask("GET", "/options", headers={"Accept": accept}).status_code == status


def send(lab: Lab, body: Any, kind: str = "application/json") -> Any:
    return lab.ask("POST", "/records", content=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"{", 400), (b"[]", 422), (b"null", 422), (b'{"fields": {}}', 422), (b'{"fields": {"a": NaN}}', 400),
    (b'{"fields": {"a": 1}, "role": "admin"}', 422), (b'{"fields": {"a": 1, "a": 2}}', 400),
    (b'{"fields": {"a": ' + b"[" * 100_000, 400), (b'{"fields": {"a": 1e999}}', 422), (b"\xff", 400),
    (b'{"fields": {"a": ' + b"9" * 10_000 + b"}}", 400), (b'{"fields": {"a": "\\ud800"}}', 422),
    (b'{"fields": {"a": ' + b"[" * 30 + b"]" * 30 + b"}}", 422), (b'{"fields": {"a": 1}, "note": 5}', 422),
    (b'{"fields": {"a": 1}, "note": "' + b"x" * 1_001 + b'"}', 422),
])
def test_a_bad_body_is_said_and_nothing_stored(lab: Lab, database: Db, body: bytes, status: int) -> None:
    problem(send(lab, body), status)

    assert database["Equipment"].count_documents({}) == 0


def test_a_body_of_another_type_or_size_is_not_read(lab: Lab) -> None:
    problem(send(lab, b'{"fields": {"a": 1}}', "text/plain"), 415)
    problem(lab.ask("POST", "/records"), 415)
    problem(send(lab, b" " * (bodies.LONGEST + 1)), 413)

    sent: list[int] = []

    def endless() -> Any:
        for _ in range(100):
            sent.append(1)
            yield b" " * 100_000

    problem(send(lab, endless()), 413)


def test_unknown_parameters_are_refused(lab: Lab) -> None:
    problem(lab.ask("GET", "/options?limit=3"), 422)


def test_a_fault_of_the_program_says_nothing_of_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("secret-in-a-variable")

    token = lab.token()
    monkeypatch.setattr(tokens, "of_text", broken)
    with caplog.at_level(logging.ERROR):
        answer = lab.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert problem(answer, 500, "Fault")["detail"] == "This did not work."
    assert "secret-in-a-variable" not in answer.text and "secret-in-a-variable" in caplog.text


def test_a_database_that_went_away_is_503(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise AutoReconnect("no server at mongodb://user:password@host")

    token = lab.token()
    monkeypatch.setattr(tokens, "of_text", gone)
    answer = lab.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    problem(answer, 503, "DatabaseUnreachable")
    assert answer.headers["retry-after"] and "password" not in answer.text


def test_who_asks_too_often_is_told_when_to_come_back(database: Db, tmp_path: Path) -> None:
    lab = Lab(database, tmp_path, Turns((3, 0.01), PLENTY))

    statuses = [lab.ask("GET", "/me").status_code for _ in range(6)]
    refused = lab.ask("GET", "/me")

    assert statuses == [200] * 3 + [429] * 3
    problem(refused, 429, "TooManyRequests")
    assert 90 <= int(refused.headers["retry-after"]) <= 100
    assert lab.ask("GET", "/me", role="user").status_code == 200, "another token"


def test_an_address_is_bounded_before_anything_is_asked(database: Db, tmp_path: Path) -> None:
    lab = Lab(database, tmp_path, Turns(PLENTY, (2, 0.01)))

    assert [lab.client.get("/api/v1/records").status_code for _ in range(4)] == [401, 401, 429, 429]


def test_the_application_has_these_routes() -> None:
    paths = {getattr(route, "path", "") for route in application.routes()}

    assert {endpoint.BASE + operation.path for operation in operations()} <= paths
