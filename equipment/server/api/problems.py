"""Errors as programs read them: RFC 9457 documents made of the error tree, and never of a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field
from pymongo.errors import ConnectionFailure, DocumentTooLarge, WriteConcernError
from starlette.responses import JSONResponse

from backup_engine import errors
from backup_engine.errors import BackupError
from equipment.logs import reference

__all__ = ["MEDIA_TYPE", "Problem", "ProblemDocument", "of_error", "response"]

log = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"
AGAIN_SECONDS: Final = 5
"""After which a program may ask again what the database could not answer."""

_STATUS: Final[tuple[tuple[type[BackupError], int], ...]] = (
    (errors.BadInput, 422), (errors.Busy, 409), (errors.WrongKey, 409), (errors.DatabaseUnreachable, 503),
    (errors.BackupFileNotFound, 404), (errors.ChoiceNeeded, 409), (errors.NoBackupsFound, 404), (errors.NoSpace, 507),
    (errors.PermissionDenied, 403), (errors.RemoteFailed, 502),
)
"""The first that fits counts; every other error of the tree is the server's fault."""


class Problem(Exception):
    """An answer that is an error."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.hint = status, code, message, hint
        self.headers = dict(headers or {})


class ProblemDocument(BaseModel):
    """What every error says (RFC 9457)."""

    type: str = Field(description="about:blank: the title is that of the status")
    title: str
    status: int
    code: str = Field(description="A word that programs may rely on")
    detail: str = Field(description="What happened, for people")
    hint: str = Field(description="What can be done; may be empty")
    reference: str = Field(description="Under which the server's log has the details")


def of_error(error: Exception) -> Problem:
    """Give the answer to any error; one that nobody foresaw is logged and says only its reference."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, WriteConcernError):
        error = errors.NoMajority("too few members of the replica set answer, so that what was saved may not last",
                                  hint="Look first what was saved.")
    if isinstance(error, ConnectionFailure):
        error = errors.DatabaseUnreachable("the server does not answer any more", hint="Try again.")
    if isinstance(error, DocumentTooLarge):
        return Problem(413, "TooLarge", "The record would be larger than MongoDB keeps.", hint="Store less in it.")
    if isinstance(error, BackupError):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        headers = {"Retry-After": str(AGAIN_SECONDS)} if status == 503 else {}
        return Problem(status, error.code, error.message, hint=error.hint, headers=headers)
    log.error("a request of a program failed", exc_info=error)
    return Problem(500, "Fault", "This did not work.", hint="The server's log has the details under the reference.")


def response(problem: Problem) -> JSONResponse:
    """Give a problem as an answer."""
    body: dict[str, Any] = {
        "type": "about:blank", "title": HTTPStatus(problem.status).phrase, "status": problem.status,
        "code": problem.code, "detail": problem.message, "hint": problem.hint, "reference": reference.current()}
    return JSONResponse(body, problem.status, {"Cache-Control": "no-store", **problem.headers}, media_type=MEDIA_TYPE)
