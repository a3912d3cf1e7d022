"""The routes of the table: who asks, whether that may be, what comes of it, and every error as a problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import IO, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BadInput
from equipment.server import prefix
from equipment.server.api import authority, bodies, docs_page, openapi, problems, values
from equipment.server.api.operation import FILE, Answer, Asked, Connect, Operation
from equipment.server.api.problems import Problem
from equipment.server.api.table import operations
from equipment.server.api.turns import Turns
from equipment.settings import Settings
from equipment.store.access import Account, Db, Who

__all__ = ["BASE", "routes"]

BASE: Final = "/api/v1"
HEADERS: Final = {"Cache-Control": "no-store"}
Serve = Callable[[Request], Awaitable[Response]]


def routes(settings: Settings, connect: Connect, turns: Turns | None = None) -> list[Route]:
    """Give the routes; every address below ``/api`` is theirs, so that a wrong one is answered as a problem, too."""
    turns = turns or Turns()
    by_path: dict[str, list[Operation]] = {}
    for operation in operations():
        by_path.setdefault(operation.path, []).append(operation)
    # Those with most parts first: a key may be any text, and what stands behind it must not be taken for a part of it.
    paths = sorted(by_path, key=lambda path: -path.count("/"))
    made = [Route(BASE + path, _guarded(_Api(settings, connect, turns, by_path[path]).serve, turns), methods=[])
            for path in paths]
    about = [Route(BASE + path, _guarded(_read_only(serve), turns), methods=[])
             for path, serve in (("/openapi.json", lambda: _openapi(settings)), ("/docs", lambda: _docs(settings)))]
    return [*about, *made, Route("/api/{rest:path}", _guarded(_nothing, turns), methods=[])]


class _Api:
    """What answers at one path."""

    def __init__(self, settings: Settings, connect: Connect, turns: Turns, here: Sequence[Operation]) -> None:
        self._settings, self._connect, self._turns = settings, connect, turns
        self._by_method = {operation.method: operation for operation in here}

    async def serve(self, request: Request) -> Response:
        """Answer a request. Raises ``Problem`` and the errors of the tree."""
        operation = self._operation(request.method)
        _require_accepted(request.headers.get("accept", ""), FILE if operation.gives_file else "application/json")
        token, address = authority.bearer(request.headers.get("authorization", "")), _address(request)
        db, who, account = await self._turns.run(lambda: self._let_in(token, address, operation.action))
        self._turns.of_token(who.session)
        # Read only now: nobody without a token has the server keep a body.
        if operation.takes_file:
            with self._turns.upload():
                async with bodies.spooled(request, self._settings.file_limits[0]) as file:
                    return await self._turns.run(
                        lambda: self._answer(operation, request, b"", (db, who, account), file))
        body = await bodies.received(request) if operation.body else b""
        return await self._turns.run(lambda: self._answer(operation, request, body, (db, who, account)))

    def _operation(self, method: str) -> Operation:
        found = self._by_method.get("GET" if method == "HEAD" else method)  # type: ignore[call-overload]
        if found is None:
            raise _not_allowed(method, [*self._by_method])
        operation: Operation = found
        return operation

    def _let_in(self, token: str, address: str, action: str) -> tuple[Db, Who, Account]:
        db = self._connect()
        return db, *authority.let_in(db, token, address, action)

    def _answer(
        self, operation: Operation, request: Request, body: bytes, asker: tuple[Db, Who, Account],
        file: IO[bytes] | None = None,
    ) -> Response:
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        _require_known(operation, query)
        db, who, account = asker
        answer = operation.handle(Asked(
            db, who, account, self._settings, self._connect, _base(self._settings), request.path_params, query,
            request.headers, bodies.parsed(body, operation.body) if operation.body else None, file))
        return _sent(answer)


def _guarded(serve: Serve, turns: Turns) -> Serve:
    async def answer(request: Request) -> Response:
        try:
            turns.of_address(_address(request))
            return await serve(request)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the answer is a problem
            return problems.response(problems.of_error(error))

    return answer


def _read_only(serve: Callable[[], Response]) -> Serve:
    async def answer(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise _not_allowed(request.method, ["GET"])
        return serve()

    return answer


def _openapi(settings: Settings) -> Response:
    return JSONResponse(openapi.document(_base(settings)), headers=HEADERS)


def _docs(settings: Settings) -> Response:
    return HTMLResponse(docs_page.page(_base(settings)), headers=HEADERS)


def _base(settings: Settings) -> str:
    """Give the path of the API as programs see it, also behind a proxy that takes a part of it off."""
    public = prefix.public_address(settings)
    return (urlsplit(public).path if public else prefix.served()) + BASE


async def _nothing(_request: Request) -> Response:
    raise Problem(404, "NotFound", "There is nothing at this address.", hint="The page docs has all there is.")


def _sent(answer: Answer) -> Response:
    headers = {**HEADERS, **answer.headers}
    if answer.parts is not None:
        return StreamingResponse(answer.parts, answer.status, headers, media_type=FILE)
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return Response(values.as_json(answer.body), answer.status, headers, media_type="application/json")


def _not_allowed(method: str, there: Sequence[str]) -> Problem:
    allowed = sorted({*there, *(["HEAD"] if "GET" in there else [])})
    return Problem(405, "MethodNotAllowed", f"{method[:20]} is not for this address.", hint=f"Use {', '.join(there)}.",
                   headers={"Allow": ", ".join(allowed)})


def _require_accepted(accept: str, sent: str) -> None:
    kinds = {each.partition(";")[0].strip().lower() for each in accept.split(",") if each.strip()}
    if kinds and not kinds & {"*/*", "application/*", sent}:
        raise Problem(406, "NotAcceptable", f"Answers are {sent}.", hint="Accept that.")


def _require_known(operation: Operation, query: dict[str, list[str]]) -> None:
    known = {parameter.name for parameter in operation.parameters if parameter.where == "query"}
    if not operation.column_filters and (unknown := [name for name in query if name not in known]):
        raise BadInput(f"There is no parameter {unknown[0]:.100}.", hint="The page docs names those there are.")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
