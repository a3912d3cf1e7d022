"""The OpenAPI file says what the routes do, for they are made of the same table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from equipment.domain.roles import PERMISSIONS, READS
from equipment.server.api import endpoint, openapi
from equipment.server.api.table import operations
from tests.equipment.server.api.lab import Db, Lab


def test_every_operation_is_in_it_and_nothing_else() -> None:
    told = openapi.document("/lab/api/v1")

    assert told["openapi"] == "3.1.0" and told["servers"] == [{"url": "/lab/api/v1"}]
    assert {(method.upper(), path) for path, methods in told["paths"].items() for method in methods} == {
        (operation.method, openapi.plain_path(operation.path)) for operation in operations()}
    names = [operation["operationId"] for methods in told["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names) == len(operations())


def test_what_it_refers_to_is_there_and_every_schema_is_of_an_object() -> None:
    told = openapi.document("")
    schemas = told["components"]["schemas"]

    assert set(re.findall(r"#/components/schemas/(\w+)", repr(told))) == set(schemas)
    assert all(schema["type"] == "object" for schema in schemas.values())


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_every_operation_names_a_right_and_its_path(operation: object) -> None:
    assert isinstance(operation, endpoint.Operation)
    assert operation.action in PERMISSIONS
    assert operation.path.startswith("/") and operation.summary[0].isupper()
    # What only reads needs no body; what writes asks for more than reading, or its function of the store does.
    assert (operation.method == "GET") == (
        operation.body is None and not operation.takes_file and operation.method != "DELETE")
    if operation.method == "GET":
        assert operation.action in READS


def test_it_is_served_to_everybody_with_the_page(database: Db, tmp_path: Path) -> None:
    lab = Lab(database, tmp_path)

    assert lab.client.get("/api/v1/openapi.json").json() == openapi.document("/api/v1")
    page = lab.client.get("/api/v1/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8" and "checkOut" not in page.text
    assert "Check a thing out" in page.text
