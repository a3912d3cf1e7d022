"""The OpenAPI 3.1 file, made of the table that makes the routes: it cannot say anything else than they do."""

from __future__ import annotations

import functools
import re
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from equipment import __version__
from equipment.server.api import bodies, problems, turns
from equipment.server.api.operation import FILE, Operation, Parameter
from equipment.server.api.problems import ProblemDocument
from equipment.server.api.table import operations

__all__ = ["ALWAYS", "document", "plain_path", "statuses"]

ALWAYS: Final = (401, 403, 406, 422, 429, 500, 503)
"""Errors that every operation can have."""
WITH_BODY: Final = (400, 408, 413, 415)
WITH_FILE: Final = (400, 408, 413)
_FILE: Final = {FILE: {"schema": {"type": "string", "format": "binary"}}}
_REF: Final = "#/components/schemas/{model}"
_TAGGED: Final = ("getRecord", "addRecord", "changeRecord")
ABOUT: Final = (
    f"The equipment list for programs. Send a token as `Authorization: Bearer eq_…`; tokens are made under one's name "
    f"in the app. A body has at most {bodies.LONGEST:,} bytes. A token has {turns.PER_TOKEN[0]} requests at once and "
    f"{turns.PER_TOKEN[1]} a second from then on.")


def plain_path(path: str) -> str:
    """Write a route's path as OpenAPI does."""
    return re.sub(r":\w+\}", "}", path)


def statuses(operation: Operation) -> list[int]:
    """Give every status that an operation can answer with."""
    more = WITH_BODY if operation.body else WITH_FILE if operation.takes_file else ()
    return sorted({*operation.answers, *operation.problems, *ALWAYS, *more})


@functools.cache
def document(base: str) -> dict[str, Any]:
    """Give the file for an API that is at this path."""
    models: dict[type[BaseModel], None] = {ProblemDocument: None}
    for operation in operations():
        models |= {model: None for model in (*operation.answers.values(), operation.body) if model}
    schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)[1]["$defs"]
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(plain_path(operation.path), {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0", "info": {"title": "Equipment", "version": __version__, "description": ABOUT},
        "servers": [{"url": base}], "security": [{"token": []}], "paths": paths,
        "components": {"schemas": schemas,
                       "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "eq_…"}}}}


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name, "summary": operation.summary,
        "description": f"{operation.about} Needs the right {operation.action}.".strip(),
        "parameters": [*map(_of_path, re.findall(r"\{(\w+)", operation.path)), *map(_parameter, operation.parameters)],
        "responses": {str(status): _response(operation, status) for status in statuses(operation)},
    }
    if operation.body:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    if operation.takes_file:
        told["requestBody"] = {"required": True, "content": _FILE}
    return told


def _of_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "in": parameter.where, "required": parameter.required,
            "description": parameter.about, "schema": dict(parameter.schema)}


def _response(operation: Operation, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status not in operation.answers:
        return told | {"content": {problems.MEDIA_TYPE: {"schema": _ref(ProblemDocument)}}}
    if (model := operation.answers[status]) is not None:
        told["content"] = {"application/json": {"schema": _ref(model)}}
    if operation.gives_file:
        told["content"] = _FILE
    if operation.name in _TAGGED:
        told["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return told


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
