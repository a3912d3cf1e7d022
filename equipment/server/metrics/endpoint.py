"""``/metrics`` for whoever sends ``EQUIPMENT_HEALTH_TOKEN``, in the text format of Prometheus.

Without that option there is no such address. A scrape reads no record, lists no remote, takes no lock of a backup and
starts nothing: it tells what this process and the folders know already, what MongoDB says at once, and of what does not
answer in time what was heard last.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import anyio
import pymongo
from anyio import CapacityLimiter, to_thread
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from equipment import __version__
from equipment.server import health
from equipment.server.metrics import installation, places, protection, samples, sources
from equipment.server.metrics.page_times import times
from equipment.server.metrics.samples import Sample
from equipment.server.metrics.sockets import OpenSockets
from equipment.server.metrics.sources import Source
from equipment.server.metrics.view import look
from equipment.settings import Settings, get_settings

__all__ = ["SOURCES", "routes"]

log = logging.getLogger(__name__)

SECONDS: Final = 2.0
"""A scrape that takes longer all the same is answered with 503."""
STREAM_SECONDS: Final = 10.0
"""For as long the change stream is read beside the scrapes, which do not wait for it."""
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""
_NO_STORE: Final = {"Cache-Control": "no-store"}
_few_at_a_time = CapacityLimiter(4)
"""Scrapes that wait must not use up the threads that answer pages."""
_process = ProcessCollector(registry=None)


def routes() -> list[Route]:
    """Give the route; it needs no database."""
    return [Route("/metrics", _metrics, methods=["GET"])]


async def _metrics(request: Request) -> Response:
    if not health.has_token(request):
        known = health.expects_token()
        return PlainTextResponse("Send the token of EQUIPMENT_HEALTH_TOKEN.\n" if known else "Not found\n",
                                 status_code=401 if known else 404,
                                 headers=_NO_STORE | ({"WWW-Authenticate": "Bearer"} if known else {}))
    try:
        with anyio.fail_after(SECONDS):
            text = await to_thread.run_sync(_text, abandon_on_cancel=True, limiter=_few_at_a_time)
    except TimeoutError:
        log.warning("/metrics did not answer within %g s", SECONDS)
        return PlainTextResponse("This took too long.\n", status_code=503, headers=_NO_STORE)
    return Response(text, media_type=CONTENT_TYPE, headers=_NO_STORE)


def _text() -> bytes:
    return generate_latest(_Now())


class _Now(Collector):
    """The present moment, collected in one go."""

    def collect(self) -> Iterable[Metric]:
        told = [Sample("info", 1, (__version__,)), Sample("open_pages", OpenSockets.number), *times.samples(),
                *sources.gathered(SOURCES, get_settings())]
        yield from samples.families(told, datetime.now(UTC))
        yield from _process.collect()


def _backups(settings: Settings) -> Iterator[Sample]:
    view = look(settings)
    yield from protection.operations(view.backups)
    yield from protection.read(view)
    yield from places.read(view)


def _at_risk(settings: Settings) -> Iterator[Sample]:
    database = installation.answering(settings)
    with pymongo.timeout(STREAM_SECONDS):
        yield from protection.at_risk(look(settings), database)


def _accounts(settings: Settings) -> Iterator[Sample]:
    with pymongo.timeout(sources.PATIENCE_SECONDS):
        yield from installation.accounts(settings)


SOURCES: Final = (
    Source("database", installation.up, late=[Sample("database_up", False)]),
    Source("accounts", _accounts), Source("stream", _at_risk), Source("disks", installation.disks),
    Source("backups", _backups, late=[Sample("place_up", False, (places.FOLDER,))]),
)
"""What is read; in each other's way they are not."""
