"""What the API costs: requests a second and p95, beside a route that does nothing, in the same run."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from pymongo.database import Database
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from equipment.server.api import endpoint
from equipment.server.api.turns import Turns
from equipment.settings import Settings
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Who
from equipment.store.accounts import tokens
from scripts.bench_parts import streams
from tests.ports import free_port

PLENTY = (1e9, 1e9)
ROUNDS = 500
Ask = Callable[[httpx.Client, int], httpx.Response]


def report(database: Database[dict[str, Any]], count: int) -> str:
    """Give the table for a list of so many records."""
    streams.fill(database["Equipment"], count)
    keys = [str(found["_id"]) for found in database["Equipment"].find({}, {"_id": 1}, limit=ROUNDS)]
    tags: dict[str, str] = {}

    def one(client: httpx.Client, number: int) -> httpx.Response:
        return client.get(f"/api/v1/records/{keys[number % len(keys)]}")

    def change(client: httpx.Client, number: int) -> httpx.Response:
        key = keys[number % len(keys)]
        return client.patch(f"/api/v1/records/{key}", json={"fields": {"Comments": f"n{number}"}},
                            headers={"If-Match": tags[key]})

    with tempfile.TemporaryDirectory() as folder, _served(database, Path(folder)) as client:
        for key in keys:
            tags[key] = client.get(f"/api/v1/records/{key}").headers["etag"]
        kinds: dict[str, Ask] = {
            "an empty Starlette route (the floor)": lambda client, _: client.get("/empty"),
            "GET one record": one, "GET a list page of 100": lambda client, _: client.get("/api/v1/records?limit=100"),
            "GET a filtered list page of 100": lambda client, n: client.get(f"/api/v1/records?q={n % 10}&limit=100"),
            "PATCH one record": change}
        rows = ["| one client after the other | requests a second | median | p95 | times the floor |",
                "|---|---|---|---|---|"]
        floor = 0.0
        for name, ask in kinds.items():
            took = _timed(client, ask)
            middle, late = statistics.median(took), statistics.quantiles(took, n=20)[18]
            floor = floor or middle
            rows.append(f"| {name} | {len(took) / sum(took):,.0f} | {middle * 1000:.1f} ms | {late * 1000:.1f} ms "
                        f"| {middle / floor:.1f} |")
    return "\n".join(rows)


def _timed(client: httpx.Client, ask: Ask) -> list[float]:
    for number in range(5):
        ask(client, -1 - number)
    took = []
    for number in range(min(ROUNDS, 400)):
        begun = time.perf_counter()
        answer = ask(client, number)
        took.append(time.perf_counter() - begun)
        answer.raise_for_status()
    return took


@contextmanager
def _served(database: Database[dict[str, Any]], folder: Path) -> Iterator[httpx.Client]:
    settings = Settings(backup_folder=folder / "backups", data_folder=folder / "data", mongodb_uri="mongodb://not-asked")

    async def empty(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/empty", empty),
                            *endpoint.routes(settings, lambda: database, Turns(PLENTY, PLENTY))])
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    _, token = tokens.make(database, _somebody(database), "bench", "admin", "write", 1)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"},
                      timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join(10)


def _somebody(database: Database[dict[str, Any]]) -> Who:
    now = moments.now()
    later = now + timedelta(hours=1)
    database[USERS].insert_one({"_id": "bench", "name": "bench", "role": "admin", "state": "active", "epoch": 0})
    database[SESSIONS].insert_one({"_id": "bench", "user": "bench", "epoch": 0, "created": now, "seen": now,
                                   "until": later, "idle_until": later})
    return Who("bench", "bench")
