"""Files over the API: what comes in, what goes out, who may, and how much."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from equipment.server.api import endpoint
from equipment.server.api.problems import Problem
from equipment.server.api.turns import UPLOADS, Turns
from equipment.store.life import attachments, file_bytes
from tests.equipment.server.api.lab import Db, Lab, problem

PDF = b"%PDF-1.7" + b"x" * (2 * file_bytes.PART)


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Lab:
    attachments.prepare(database)
    database["Equipment"].insert_many([{"_id": f"r{n}", "ID": n} for n in (1, 2)])
    made = Lab(database, tmp_path)
    made.settings = made.settings.model_copy(update={"file_mb": 3})
    made.app.router.routes[:] = endpoint.routes(made.settings, lambda: database, Turns((9_999, 9_999), (9_999, 9_999)))
    return made


def attach(lab: Lab, data: bytes = PDF, name: str = "cert.pdf", **options: str) -> dict[str, object]:
    answer = lab.ask("POST", "/records/r1/files", content=data, params={"name": name, "note": "of 2026"}, **options)
    assert answer.status_code == 201, answer.text
    told: dict[str, object] = answer.json()
    assert answer.headers["location"] == f"/api/v1/files/{told['number']}"
    return told


def test_a_file_goes_in_and_comes_out_as_it_was(lab: Lab) -> None:
    told = attach(lab, role="technician")

    assert (told["name"], told["type"], told["size"], told["note"]) == (
        "cert.pdf", "application/pdf", len(PDF), "of 2026")
    assert lab.ask("GET", "/records/r1/files").json() == {"items": [told]}
    assert lab.ask("GET", f"/files/{told['number']}").json() == told
    answer = lab.ask("GET", f"/files/{told['number']}/content", role="user", scope="read")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="cert.pdf"')
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_removed_one_is_said_to_be(lab: Lab) -> None:
    number = attach(lab)["number"]

    assert lab.ask("DELETE", f"/files/{number}").json()["removed"]

    assert lab.ask("GET", "/records/r1/files").json() == {"items": []}
    problem(lab.ask("GET", f"/files/{number}/content"), 404, "NoSuchFile")
    problem(lab.ask("DELETE", f"/files/{number}"), 409, "Conflict")


def test_who_may_not_is_refused_before_the_file_is_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    number = attach(lab)["number"]
    monkeypatch.setattr(endpoint.bodies, "spooled", lambda *_: pytest.fail("read"))
    for asked in ({"role": "user"}, {"role": "technician", "scope": "read"}):
        problem(lab.ask("POST", "/records/r1/files", content=b"x", params={"name": "a"}, **asked), 403)
        problem(lab.ask("DELETE", f"/files/{number}", **asked), 403)
    assert lab.client.get(f"/api/v1/files/{number}/content").status_code == 401


def test_a_file_that_is_too_long_ends_while_it_comes(lab: Lab, database: Db) -> None:
    for content in (b"x" * 3_000_001, iter([b"x" * 1_000_000] * 4)):  # announced, and in pieces of unknown number
        problem(lab.ask("POST", "/records/r1/files", content=content, params={"name": "a"}), 413, "TooLarge")
    assert list(file_bytes.held(database)) == []


def test_what_cannot_be_is_refused(lab: Lab) -> None:
    attach(lab)
    for data, params, status in ((b"", {"name": "a"}, 422), (b"x", {}, 422), (b"x", {"name": "a" * 1_001}, 422),
                                 (PDF, {"name": "again.pdf"}, 422), (b"x", {"name": "a", "what": "b"}, 422)):
        problem(lab.ask("POST", "/records/r1/files", content=data, params=params), status)
    problem(lab.ask("POST", "/records/r9/files", content=b"x", params={"name": "a"}), 404, "NoSuchRecord")
    for path in ("/files/x", "/files/x/content", f"/files/{'0' * 24}"):
        problem(lab.ask("GET", path), 404, "NoSuchFile")
    problem(lab.ask("GET", "/files/x/content", headers={"Accept": "application/json"}), 406)


def test_only_some_come_in_at_the_same_time() -> None:
    turns = Turns()
    with ExitStack() as coming:
        for _ in range(UPLOADS):
            coming.enter_context(turns.upload())
        with pytest.raises(Problem, match="Too many files"), turns.upload():
            pytest.fail("let in")
    with turns.upload():  # those have ended
        pass
