"""Records for programs: the list's own filters, exact versions, and the same trash, history and rights as the page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64

from equipment.server.api.resources.records import MOST
from equipment.store import activity
from equipment.store.list import keys, records, trash
from tests.equipment.server.api.lab import Db, Lab, problem


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Lab:
    database["Equipment"].insert_many([
        {"_id": n, "ID": n, "Vendor": "Acme" if n % 2 else "Ohm", "Model": f"M{n}", "Serial": f"S{n}"}
        for n in range(1, 8)])
    return Lab(database, tmp_path)


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["fields"]["ID"] for item in answer.json()["items"]]


def test_the_list_has_the_filters_of_the_page(lab: Lab) -> None:
    assert ids(lab.ask("GET", "/records", role="user", scope="read")) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(lab.ask("GET", "/records?is.Vendor=Acme&sort=-ID")) == [7, 5, 3, 1]
    assert ids(lab.ask("GET", "/records?q=m3")) == [3]
    assert ids(lab.ask("GET", "/records?from.ID=2&to.ID=3")) == [2, 3]
    problem(lab.ask("GET", "/records?vendor=Acme"), 422, "BadInput")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "", "9" * 5_000, "²"])
def test_a_page_is_bounded(lab: Lab, limit: str) -> None:
    problem(lab.ask("GET", "/records", params={"limit": limit}), 422)
    assert MOST == 500


def test_a_cursor_goes_on_behind_the_last_record_whatever_others_do(lab: Lab, database: Db) -> None:
    first = lab.ask("GET", "/records?limit=3").json()
    database["Equipment"].delete_one({"_id": 1})
    database["Equipment"].insert_one({"_id": 0, "ID": 0})
    database["Equipment"].insert_one({"_id": -1, "ID": -1})

    second = lab.ask("GET", "/records", params={"limit": 3, "cursor": first["next"]}).json()
    third = lab.ask("GET", "/records", params={"limit": 3, "cursor": second["next"]}).json()

    assert [item["fields"]["ID"] for page in (first, second, third) for item in page["items"]] == [1, 2, 3, 4, 5, 6, 7]
    assert (first["total"], third["next"]) == (7, None)
    problem(lab.ask("GET", "/records", params={"q": "m", "cursor": first["next"]}), 422)


def test_a_record_whose_predecessor_is_gone_is_met_all_the_same(lab: Lab, database: Db) -> None:
    first = lab.ask("GET", "/records?limit=3").json()
    database["Equipment"].delete_one({"_id": 3})

    second = lab.ask("GET", "/records", params={"limit": 9, "cursor": first["next"]})

    assert ids(second) == [5, 6, 7]  # from the place: who needs all of it asks once more


def test_a_record_says_its_types_and_its_version(lab: Lab, database: Db) -> None:
    database["Equipment"].insert_one({"_id": "a/b ü", "n": Int64(5), "when": datetime(2026, 1, 31), "x": float("nan"),
                                      "price": Decimal128("1.50"), "raw": b"\x00", "in": {"a": [1, None]}})

    answer = lab.ask("GET", "/records/a%2Fb%20%C3%BC")

    assert answer.json()["fields"] == {
        "n": 5, "when": {"$date": "2026-01-31T00:00:00Z"}, "x": {"$numberDouble": "NaN"},
        "price": {"$numberDecimal": "1.50"}, "raw": {"$binary": {"base64": "AA==", "subType": "00"}},
        "in": {"a": [1, None]}}
    assert answer.json()["etag"] == answer.headers["etag"]
    assert lab.ask("GET", "/records/a%2Fb%20%C3%BC", headers={"If-None-Match": answer.headers["etag"]}
                   ).status_code == 304


@pytest.mark.parametrize("key", ["99", "~" + "[" * 1_900, "x" * 5_000, "%00", "~{}", "..%2F"])
def test_a_key_of_nothing_is_404(lab: Lab, key: str) -> None:
    problem(lab.ask("GET", f"/records/{key}"), 404)


def test_a_new_record_is_one_of_the_page(lab: Lab, database: Db) -> None:
    answer = lab.ask("POST", "/records", role="technician", json={
        "fields": {"Vendor": "Ohm", "Purchase Value": "1 200", "when": {"$date": "2026-01-31T00:00:00Z"}, "n": 2**40,
                   "Serial": "S1"}, "note": "arrived"})

    assert answer.status_code == 201
    stored = records.get(database, answer.json()["key"])
    assert stored is not None and answer.headers["location"] == f"/api/v1/records/{stored.key}"
    assert stored.record | {"uuid": ""} == {"ID": 8, "Vendor": "Ohm", "Purchase Value": "1 200", "n": 2**40,
                                            "when": datetime(2026, 1, 31), "Serial": "S1", "uuid": ""}
    assert answer.json()["warnings"] == ["Serial S1 is also in ID 1 · Acme M1."]
    [entry] = activity.of_target(database, keys.target(stored.key))
    assert (entry["who"], entry["action"], entry["note"]) == ("technician-write (token sync)", "records.add", "arrived")


@pytest.mark.parametrize("fields", [
    {}, {"_id": 1}, {"a.b": 1}, {"$x": 1}, {"a\0": 1}, {"x" * 101: 1}, {"": 1}, {"uuid": "mine"}, {"n": 2**63},
    {"n": {"$date": "yesterday"}}, {"n": {"$where": "1"}}, {"n": {"$oid": "x"}}, {"n": {"$numberDecimal": "x"}},
    {"n": {"$binary": 1}}, {"n": {"a\0": 1}},
])
def test_what_cannot_be_stored_is_refused_and_nothing_added(lab: Lab, database: Db, fields: Any) -> None:
    problem(lab.ask("POST", "/records", json={"fields": fields}), 422)

    assert database["Equipment"].count_documents({}) == 7


def test_a_change_touches_only_what_it_names(lab: Lab, database: Db) -> None:
    database["Equipment"].insert_one({"_id": 9, "ID": 9, "a": Int64(5), "b": 1.5, "c": "x", "d": None})
    key, tag = keys.key_of_id(9), lab.ask("GET", f"/records/{keys.key_of_id(9)}").headers["etag"]

    answer = lab.ask("PATCH", f"/records/{key}", match=tag, json={"fields": {"a": "6", "new": True}, "remove": ["c"]})

    assert answer.status_code == 200 and answer.headers["etag"] == answer.json()["etag"] != tag
    now = records.get(database, key)
    assert now is not None
    assert now.raw == bson.encode({"_id": 9, "ID": 9, "a": Int64(6), "b": 1.5, "d": None, "new": True})
    assert activity.of_target(database, keys.target(key))[0]["after"] == {"a": 6, "new": True}


def test_nobody_writes_over_what_they_have_not_seen(lab: Lab, database: Db) -> None:
    key = keys.key_of_id(1)
    tag = lab.ask("GET", f"/records/{key}").headers["etag"]
    database["Equipment"].update_one({"_id": 1}, {"$set": {"Vendor": "Other"}})

    for method, more in (("PATCH", {"json": {"fields": {"Model": "X"}}}), ("DELETE", {})):
        problem(lab.ask(method, f"/records/{key}", **more), 428, "PreconditionRequired")
        problem(lab.ask(method, f"/records/{key}", match="*", **more), 428)
        stale = lab.ask(method, f"/records/{key}", match=tag, **more)
        problem(stale, 412, "PreconditionFailed")
        assert stale.headers["etag"] == lab.ask("GET", f"/records/{key}").headers["etag"]
    assert database["Equipment"].find_one({"_id": 1})["Model"] == "M1"  # type: ignore[index]


def test_somebody_who_is_quicker_is_a_conflict_too(
    lab: Lab, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, real = keys.key_of_id(1), records.save
    tag = lab.ask("GET", f"/records/{key}").headers["etag"]

    def late(db: Any, *arguments: Any, **options: Any) -> Any:
        database["Equipment"].update_one({"_id": 1}, {"$set": {"Vendor": "Other"}})
        return real(db, *arguments, **options)

    monkeypatch.setattr(records, "save", late)
    problem(lab.ask("PATCH", f"/records/{key}", match=tag, json={"fields": {"Model": "X"}}), 412)


def test_what_is_deleted_lies_in_the_trash(lab: Lab, database: Db) -> None:
    key = keys.key_of_id(1)
    tag = lab.ask("GET", f"/records/{key}").headers["etag"]

    assert lab.ask("DELETE", f"/records/{key}", role="manager", match=tag).status_code == 204

    [there] = trash.entries(database)
    assert (there.entry.key, there.by) == (key, "manager-write (token sync)")
    problem(lab.ask("GET", f"/records/{key}"), 404)


@pytest.mark.parametrize(("method", "path", "role", "body"), [
    ("POST", "/records", "user", {"fields": {"a": 1}}), ("PATCH", "/records/x", "user", {"fields": {"a": 1}}),
    ("DELETE", "/records/x", "technician", None),
])
def test_roles_and_scopes_are_those_of_the_page(lab: Lab, method: str, path: str, role: Any, body: Any) -> None:
    more = {"json": body} if body else {}
    problem(lab.ask(method, path, role=role, **more), 403, "PermissionDenied")
    refused = lab.ask(method, path, role="admin", scope="read", **more)
    problem(refused, 403, "PermissionDenied")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
