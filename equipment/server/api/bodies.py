"""What a program sends: its size and type known before it is read, and nothing in it that nobody knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from anyio import move_on_after
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from equipment.server.api.problems import Problem

__all__ = ["LONGEST", "parsed", "received", "spooled"]

LONGEST: Final = 1024 * 1024
"""Bytes of a body."""
SECONDS: Final = 20
"""For all of it to come: who never finishes would keep a connection for ever."""
FILE_SECONDS: Final = 600
"""The same for a file."""
IN_MEMORY: Final = 1024 * 1024
"""Bytes of a file that stay in memory; what is longer waits in a temporary file without a name."""
FAULTS_SHOWN: Final = 5


async def received(request: Request) -> bytes:
    """Read the body. Raises a ``Problem`` of 415, 413 or 408 before it holds more than it may."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "UnsupportedMediaType", "The body must be application/json.",
                      headers={"Accept": "application/json", "Connection": "close"})
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > LONGEST:
        raise _too_large()
    pieces, size = [], 0
    try:
        with move_on_after(SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > LONGEST:
                    raise _too_large()
                pieces.append(piece)
            return b"".join(pieces)
    except ClientDisconnect as error:
        raise Problem(400, "Malformed", "The body broke off.") from error
    raise Problem(408, "TooSlow", "The body did not come in time.", headers={"Connection": "close"})


@asynccontextmanager
async def spooled(request: Request, most: int) -> AsyncIterator[IO[bytes]]:
    """Receive a file of at most ``most`` bytes; it is gone when the block ends. Raises a ``Problem`` of 413 or 408 as
    soon as it is too long or too slow."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > most:
        raise _too_large(most)
    size = 0
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        try:
            with move_on_after(FILE_SECONDS) as waiting:
                async for piece in request.stream():
                    size += len(piece)
                    if size > most:
                        raise _too_large(most)
                    file.write(piece)
        except ClientDisconnect as error:
            raise Problem(400, "Malformed", "The file broke off.") from error
        if waiting.cancelled_caught:
            raise Problem(408, "TooSlow", "The file did not come in time.", headers={"Connection": "close"})
        yield file


def parsed(body: bytes, model: type[BaseModel]) -> BaseModel:
    """Read JSON as the model. Raises a ``Problem`` of 400 for what is no JSON, of 422 for what does not fit."""
    try:
        json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Malformed", f"The body is no JSON: {str(error)[:200]}.") from error
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'the body'}: {fault['msg']}"[:200] for fault in error.errors(
            include_url=False, include_context=False, include_input=False)[:FAULTS_SHOWN]]
        raise Problem(422, "BadInput", "; ".join(faults) + ".") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _too_large(most: int = LONGEST) -> Problem:
    # The rest is not read: the connection ends with the answer.
    return Problem(413, "TooLarge", f"A body has at most {most:,} bytes.", headers={"Connection": "close"})
