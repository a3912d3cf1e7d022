"""The API of the running app: who is let in, nobody is overwritten, and what 10,000 requests leave to pages."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.database import Database

from equipment.server.api.turns import PER_ADDRESS, PER_TOKEN
from equipment.store.access import TOKENS, Who
from equipment.store.accounts import tokens
from tests.doc_pages import ROOT
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod
from tests.server.accounts import fresh_cookie, inhabited
from tests.server.running_app import RunningApp, cookie_header

PREFIX = "/lab"
BASE = f"{PREFIX}/api/v1"
REQUESTS = 1_600
Running = tuple[RunningApp, Database[dict[str, Any]]]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    with inhabited(shared_mongod, people=("user", "admin"), STREAMLIT_SERVER_BASE_URL_PATH="lab",
                   EQUIPMENT_ALLOWED_HOSTS="list.example") as (app, db):
        db["Equipment"].insert_many([{"_id": f"r{n}", "ID": n, "Vendor": "Acme"} for n in range(1, 4)])
        yield app, db


def made(db: Database[dict[str, Any]], name: str, role: Any = "admin", scope: str = "write") -> tuple[Who, str]:
    owner = signed_in(db, role, name)
    return owner, tokens.make(db, owner, "sync", role, scope, 1)[1]


def ask(running: Running, method: str, path: str, token: str = "", body: Any = None,
        **headers: str) -> tuple[int, dict[str, str], Any]:
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        sent["Content-Type"] = "application/json"
    status, told, data = running[0].request(method, BASE + path, headers={**sent, **headers},
                                            data=None if body is None else json.dumps(body).encode())
    return status, told, json.loads(data) if data and "json" in told.get("content-type", "") else data


def test_only_a_token_opens_it_and_it_counts_until_it_is_revoked(running: Running) -> None:
    app, db = running
    owner, token = made(db, "ada")

    cookie = cookie_header(app.url, fresh_cookie(app, db, "user", PREFIX))
    assert ask(running, "GET", "/records", Cookie=cookie)[0] == 401
    status, headers, told = ask(running, "GET", "/records?limit=1", token)
    assert (status, told["total"], told["items"][0]["key"]) == (200, 3, "r1")
    assert headers["x-content-type-options"] == "nosniff" and "set-cookie" not in headers
    tokens.revoke(db, owner, str(db[TOKENS].find_one({"user": "ada"})["_id"]))  # type: ignore[index]
    status, headers, told = ask(running, "GET", "/records", token)
    assert (status, told["code"]) == (401, "TokenEnded") and "invalid_token" in headers["www-authenticate"]
    assert token not in app.console()


def test_a_change_is_made_once_and_where_the_prefix_leads(running: Running) -> None:
    _, token = made(running[1], "ben")
    status, headers, _ = ask(running, "POST", "/records", token, {"fields": {"Vendor": "Ohm"}})
    where, tag = headers["location"].removeprefix(BASE), headers["etag"]
    assert status == 201 and where.startswith("/records/")

    changes = [ask(running, "PATCH", where, token, {"fields": {"Model": name}}, **{"If-Match": tag}) for name in "ab"]

    assert [status for status, _, _ in changes] == [200, 412]
    assert ask(running, "GET", where, token)[2]["fields"]["Model"] == "a"
    assert ask(running, "DELETE", where, token)[0] == 428
    assert ask(running, "DELETE", where, token, **{"If-Match": changes[0][1]["etag"]})[0] == 204
    status, _, data = running[0].get("/api/v1/records", Authorization=f"Bearer {token}")
    assert status == 404 or not data.startswith(b'{"items"'), "nothing is served beside the prefix"


def test_scope_role_and_host_are_looked_at(running: Running) -> None:
    _, reading = made(running[1], "cy", scope="read")

    assert ask(running, "POST", "/records", reading, {"fields": {"a": 1}})[0] == 403
    assert ask(running, "GET", "/records", reading, Host="evil.example")[0] == 421
    assert ask(running, "GET", "/records", reading, Host="list.example")[0] == 200
    assert ask(running, "GET", "/openapi.json")[2]["servers"] == [{"url": BASE}]
    status, headers, page = ask(running, "GET", "/docs")
    assert status == 200 and "default-src 'self'" in headers["content-security-policy"] and b"<script" not in page


def example(language: str, number: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number])


def test_the_python_example_of_the_docs_runs(running: Running) -> None:
    app, db = running
    _, token = made(db, "dee")
    code = example("python")
    assert len(code.splitlines()) <= 22

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                           env={"EQUIPMENT": app.url + PREFIX, "TOKEN": token})

    assert ended.returncode == 0, ended.stderr
    assert "Acme" in ended.stdout and db["Equipment"].count_documents({"Location": "Room 3"}) == 1


def test_the_curl_example_that_attaches_a_file_runs(running: Running, tmp_path: Path) -> None:
    app, db = running
    _, token = made(db, "gus")
    (tmp_path / "certificate.pdf").write_bytes(b"%PDF-1.7")

    ended = subprocess.run(["bash", "-ec", example("bash", 1)], capture_output=True, text=True, timeout=60,
                           cwd=tmp_path, env={"EQUIPMENT": app.url + PREFIX, "TOKEN": token, "KEY": "r1",
                                              "PATH": "/usr/bin:/bin"})

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["name"], told["type"], told["by"]) == ("c.pdf", "application/pdf", "gus (token sync)")
    status, _, data = ask(running, "GET", f"/files/{told['number']}/content", token)
    assert (status, data) == (200, b"%PDF-1.7")


def test_the_curl_example_of_the_docs_runs(running: Running) -> None:
    app, db = running
    _, token = made(db, "eve")

    ended = subprocess.run(["bash", "-ec", example("bash")], capture_output=True, text=True, timeout=60,
                           env={"EQUIPMENT": app.url + PREFIX, "TOKEN": token, "PATH": "/usr/bin:/bin"})

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["items"]


def test_a_flood_of_requests_is_bounded_and_pages_go_on(running: Running) -> None:
    """Last, for it uses up what this address may ask."""
    app, db = running
    _, token = made(db, "fay")
    statuses: Counter[int] = Counter()

    def flood(count: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=30)
        for _ in range(count):
            connection.request("GET", f"{BASE}/records", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=flood, args=(REQUESTS // 4,)) for _ in range(4)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    pages = []
    while any(thread.is_alive() for thread in threads):
        pages.append(app.get(f"{PREFIX}/_stcore/health")[0])
    for thread in threads:
        thread.join()

    assert sum(statuses.values()) == REQUESTS and set(statuses) <= {200, 429, 503}
    most = PER_TOKEN[0] + PER_TOKEN[1] * (time.monotonic() - began)  # what a slow machine gives the flood time for
    assert PER_TOKEN[0] <= statuses[200] <= most and statuses[429] >= REQUESTS - most - statuses[503]
    assert set(pages) == {200} and PER_ADDRESS[0] > PER_TOKEN[0]
