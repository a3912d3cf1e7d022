"""``/metrics``: what a monitor records over time, in the text format of Prometheus.

For whoever sends ``EQUIPMENT_HEALTH_TOKEN``; without that option there is no such address. It tells what this process
and the folders know already: no record is read, MongoDB is asked who it is and never started. What cannot be told now
is left out. Names: https://prometheus.io/docs/practices/naming/ (base units; no label whose values grow in number).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Never

import anyio
from anyio import CapacityLimiter, to_thread
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backup_engine import api
from backup_engine.errors import BackupError, DatabaseUnreachable
from equipment import __version__, backups, data_disk
from equipment.server import database, health
from equipment.settings import Settings, get_settings

__all__ = ["routes"]

log = logging.getLogger(__name__)

SECONDS: Final = 2.0
"""A scrape that takes longer, as over a mount that hangs, is answered with 503."""
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""
_NO_STORE: Final = {"Cache-Control": "no-store"}
_one_at_a_time = CapacityLimiter(1)
"""Scrapes that hang must not use up the threads that answer pages."""
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
            text = await to_thread.run_sync(_text, abandon_on_cancel=True, limiter=_one_at_a_time)
    except TimeoutError:
        log.warning("/metrics did not answer within %g s", SECONDS)
        return PlainTextResponse("This took too long.\n", status_code=503, headers=_NO_STORE)
    return Response(text, media_type=CONTENT_TYPE, headers=_NO_STORE)


def _text() -> bytes:
    return generate_latest(_Now())


class _Now(Collector):
    """The present moment, collected in one go."""

    def collect(self) -> Iterable[Metric]:
        settings = get_settings()
        yield InfoMetricFamily("equipment", "This application.", {"version": __version__})
        for source in SOURCES:
            try:
                yield from source(settings)
            except (BackupError, OSError) as error:
                log.warning("/metrics leaves something out: %s", error)
        yield from _process.collect()


def _of_database(settings: Settings) -> Iterable[Metric]:
    yield _gauge("database_up", "Whether MongoDB answers.", database.is_up(settings))


def _of_data_disk(settings: Settings) -> Iterable[Metric]:
    room = data_disk.look(settings)
    yield _gauge("list_read_only", "Whether the list takes no changes because the disk of the data folder is nearly "
                                   "full.", room is not None and room.short)
    if room is not None:
        yield _gauge("data_folder_free_bytes", "Free on the disk of the data folder.", room.free)
        yield _gauge("data_folder_min_free_bytes", "Below this the list is read-only.", room.least)


def _of_backups(settings: Settings) -> Iterable[Metric]:
    ours = backups.of(settings, lambda: database.connect(settings))
    # Over what was heard last: a question to a database that is away takes seconds, and would start the embedded one.
    place = replace(ours.engine.workspace, connect=_not_asked)
    owner, state = api.owner_seen(place), api.status(place)
    newest = place.catalog.newest_good(owner.owns)
    if owner.standby is not None or not owner.guessed:
        yield _gauge("standing_by", "Whether this is a recovered copy that makes no backups by itself.",
                     owner.standby is not None)
    yield _gauge("backups", "Backups that can be restored.", state.total)
    if state.free_bytes is not None:
        yield _gauge("backup_folder_free_bytes", "Free on the disk of the backup folder.", state.free_bytes)
    if newest is not None:
        age = (ours.now() - newest.started).total_seconds()
        stored = sum(part.stored_bytes for part in newest.parts.values())
        yield _gauge("backup_newest_age_seconds", "Since the newest good backup was begun.", age)
        yield _gauge("backup_newest_bytes", "Bytes of the newest good backup.", stored)
        yield _gauge("backup_newest_encrypted", "Whether its files are encrypted.", newest.encrypted)
        check = ours.checks().get(newest.backup_id)
        if check is not None:
            yield _gauge("backup_newest_verified_level", "What its last check was: 1 stored bytes, 2 every row, "
                         "3 restored; 0 it found damage.", check.level if check.ok else 0)
        yield _gauge("backup_newest_records", "Records in the newest good backup.", sum(newest.counts.values()))


SOURCES: Final[tuple[Callable[[Settings], Iterable[Metric]], ...]] = (_of_database, _of_data_disk, _of_backups)


def _not_asked() -> Never:
    raise DatabaseUnreachable("a scrape does not ask the database")


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"equipment_{name}", meaning, value=float(value))
