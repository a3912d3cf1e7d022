"""What the OpenAPI file promises is what comes back, for requests that keep to it and for those that do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from equipment import backups
from equipment.server.api.openapi import plain_path
from equipment.server.api.table import operations
from equipment.store.life import loans
from tests.equipment.server.api.lab import Db, Lab

schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis here: pip install -r requirements-dev.txt")
EXAMPLES = 4
"""Of each operation and mode."""


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Iterator[Lab]:
    loans.prepare(database)
    database["Equipment"].insert_many([{"_id": f"r{n}", "ID": n, "Vendor": "Acme"} for n in range(1, 4)])
    yield Lab(database, tmp_path)
    backups.stop()


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_answers_are_those_of_the_file(lab: Lab, operation: Any, mode: Any) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", lab.app)
    checks, headers = schemathesis.checks, {"Authorization": f"Bearer {lab.token()}"}
    promised = [checks.not_a_server_error, *checks.CHECKS.get_by_names([
        "status_code_conformance", "content_type_conformance", "response_headers_conformance",
        "response_schema_conformance"])]
    answered: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: Any) -> None:
        case = data.draw(schema[plain_path(operation.path)][operation.method].as_strategy(generation_mode=mode))
        if "key" in case.path_parameters and data.draw(st.booleans()):
            case.path_parameters["key"] = "r1"
        answer = case.call(headers=headers)
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=promised)

    ask()
    assert answered and not answered[500]
