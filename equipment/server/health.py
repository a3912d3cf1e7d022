"""Whether it is up, for machines: ``/livez`` the process, ``/readyz`` the database, ``/healthz`` for a monitor.

Nobody is told more than a status and a code word, except whoever sends ``EQUIPMENT_HEALTH_TOKEN``. That a request comes
from this machine proves nothing: so does every request that a proxy here passes on, with or without a header to say so.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from anyio import to_thread
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backup_engine.errors import BackupError
from equipment import __version__, data_disk
from equipment.server import database
from equipment.settings import Settings, get_settings

__all__ = ["expects_token", "has_token", "in_words", "now", "routes"]

_STATES: Final = {"OK": "connected", "Demo": "demo", "NoDatabase": "none"}


@dataclass(frozen=True)
class _State:
    """``code`` is OK, Demo, NoDatabase, or the name of an error of ``backup_engine.errors``."""

    code: str
    details: Mapping[str, str | int | bool] = field(default_factory=dict)
    ready: bool = False
    """Whether the database answers; the list may be read-only all the same."""

    @property
    def healthy(self) -> bool:
        return self.code in ("OK", "Demo")


def routes() -> list[Route]:
    """Give the three routes; they need neither usable settings nor a database."""
    return [Route("/livez", _live, methods=["GET"]), Route("/readyz", _ready, methods=["GET"]),
            Route("/healthz", _health, methods=["GET"])]


def now() -> tuple[bool, str]:
    """Tell within 3 s whether all is well, and the code word for how the database is."""
    state = _look()
    return state.healthy, state.code


def in_words() -> str:
    """Say in a sentence how the database is, within 3 s, without user names and passwords."""
    state = _look()
    if "where" not in state.details:
        return "The options cannot be used; the page and the log name them"
    if state.code == "NoDatabase":
        return "There is no MongoDB; the page names the ways to get one"
    return str(state.details.get("message") or f"Using {state.details['where']}")


async def _live(_request: Request) -> JSONResponse:
    # No thread and no lock: when this does not answer, only a restart helps.
    return _answer(True, {})


async def _ready(_request: Request) -> JSONResponse:
    state = await to_thread.run_sync(_look)
    return _answer(state.ready, {})


async def _health(request: Request) -> JSONResponse:
    state = await to_thread.run_sync(_look)
    return _answer(state.healthy, {"code": state.code, **(state.details if has_token(request) else {})})


def _answer(healthy: bool, more: Mapping[str, str | int | bool]) -> JSONResponse:
    return JSONResponse({"status": "ok" if healthy else "degraded", **more}, status_code=200 if healthy else 503,
                        headers={"Cache-Control": "no-store"})


def _look() -> _State:
    """Say how the database is, within 3 s; the details hold neither user names nor passwords."""
    try:
        settings = get_settings()
    except BackupError as error:
        return _State(error.code)
    code, said = "OK", dict[str, str | int | bool]()
    try:
        choice = database.choose(settings)
        if choice is database.Choice.NONE:
            code = "NoDatabase"
        elif choice is database.Choice.DEMO:
            code = "Demo"
        else:
            database.connect(settings)
    except BackupError as error:
        code, said = error.code, {"message": error.message, "hint": error.hint}
    details = {"version": __version__, "database": _STATES.get(code, "unreachable"), "where": database.label(settings),
               **said}
    return _with_room(settings, _State(code, details, ready=code in ("OK", "Demo")))


def _with_room(settings: Settings, state: _State) -> _State:
    """Add how the disk of the data folder stands; one that is nearly full is what a monitor has to hear first."""
    room = data_disk.look(settings) if state.code != "Demo" else None
    if room is None:
        return state
    details = {**state.details, "data_folder": room.place, "data_folder_free_bytes": room.free, "read_only": room.short}
    if not room.short or state.code == "NoDatabase":
        return replace(state, details=details)
    refusal = room.refusal()
    return _State(refusal.code, {"message": refusal.message, "hint": refusal.hint, **details}, ready=state.ready)


def expects_token() -> bool:
    """Whether ``EQUIPMENT_HEALTH_TOKEN`` is set."""
    return _token() is not None


def has_token(request: Request) -> bool:
    """Whether a request brings the token as ``Authorization: Bearer …``."""
    expected = _token()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if expected is None or scheme.lower() != "bearer":
        return False
    # A header arrives as Latin-1.
    return hmac.compare_digest(given.strip().encode("latin-1"), expected.get_secret_value().encode())


def _token() -> SecretStr | None:
    try:
        return get_settings().health_token
    except BackupError:
        return None
