"""The server around the page: what runs once per process, the routes of our own, and the headers.

Streamlit runs ``lifespan`` before the first visitor and after the last; the page itself (``equipment.ui.page``) also
works without it, as in a test.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from anyio import to_thread
from pymongo.database import Database
from pymongo.errors import PyMongoError
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import config

from backup_engine.errors import BackupError, BadInput
from backup_engine.machine import private
from equipment import __version__, backups
from equipment.accounts import routes as account_routes, setup
from equipment.messages import messenger
from equipment.messages.personal import post
from equipment.server import console_log, database, garbage, health, prefix, sd_notify, stopping
from equipment.server.api import endpoint as api
from equipment.server.downloads import activity_log, backup_download, calendar_feed, file_download, list_downloads
from equipment.server.gate import hosts
from equipment.server.gate.connections import BoundedConnections, raise_descriptors
from equipment.server.gate.fresh_sign_in import FreshSignIn
from equipment.server.gate.headers import RequestReference, SecurityHeaders
from equipment.server.gate.own_pages import OwnPages
from equipment.server.gate.sockets import BoundedSockets
from equipment.server.gate.uploads import GuardedUploads
from equipment.server.gate.visitors import Visitors
from equipment.server.low_space import LowSpace
from equipment.server.metrics import endpoint
from equipment.server.metrics.sockets import OpenSockets
from equipment.settings import Settings, get_settings, unknown_options
from equipment.store import access
from equipment.store.life import attachments, events, file_bytes, loans, plans, stocktakings
from equipment.store.list import listing, undo
from equipment.store.list.indexing import followed

__all__ = ["lifespan", "middleware", "prepare", "routes"]

log = logging.getLogger(__name__)
Connect = Callable[[], Database[dict[str, Any]]]

TURN_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter while another wants it; a page gives it up at every answer it
waits for. With Python's 5 ms a page beside a restore took 4.8 to 5.7 times as long as alone, with this 1.5 to 2.2, and
a backup takes as long as before."""

_prepared: set[str] = set()
_preparing = threading.Lock()
_watching: list[LowSpace] = []


def lifespan(
    warm_up: Callable[[], None], beside: Callable[[Settings], backups.Beside] | None = None
) -> Callable[[object], AbstractAsyncContextManager[dict[str, Any]]]:
    """Give the server's lifespan: database, first-run announcement and scheduler; stopped in the opposite order.

    ``warm_up`` runs last, before the first visitor. ``beside`` gives what does large backups and restores in processes
    of their own; without it threads of this one do.
    """

    @asynccontextmanager
    async def run(_app: object) -> AsyncIterator[dict[str, Any]]:
        _heed_hangup()
        systemd = sd_notify.manager()
        systemd.tell(STATUS="Starting: reaching MongoDB")
        await to_thread.run_sync(_start, warm_up, beside)
        async with garbage.collected(), systemd.attended(health.in_words) as ending:
            try:
                yield {}
            finally:
                ending()
                await to_thread.run_sync(_stop)

    return run


def routes() -> list[BaseRoute]:
    """Give the routes of our own, under the path of this server; without usable settings only the health checks.

    These answer at the root as well: whatever asks on this machine need not know the path.
    """
    served, probes = prefix.served(), [*health.routes(), *endpoint.routes()]
    at_root: list[BaseRoute] = [*probes] if served else []
    try:
        settings = get_settings()
    except BadInput:
        return [*prefix.under(served, probes), *at_root]  # the page says what is wrong
    connect = connector(settings)
    own = [*probes, *account_routes.routes(settings, connect, served), *backup_download.routes(settings, connect),
           *list_downloads.routes(settings, connect), *activity_log.routes(settings, connect),
           *calendar_feed.routes(settings, connect), *file_download.routes(settings, connect),
           *api.routes(settings, connect)]
    return [*prefix.under(served, own), *at_root]


def middleware() -> list[Middleware]:
    """Give what wraps every request, from the outside in; without usable settings there is nobody to let in."""
    around = [Middleware(stopping.BoundedAnswers), Middleware(BoundedConnections), Middleware(SecurityHeaders),
              Middleware(RequestReference)]
    try:
        settings = get_settings()
    except BadInput:
        return [*around, Middleware(OpenSockets)]
    visitors = Visitors(settings, connector(settings))
    return [*around, Middleware(OwnPages, hosts=hosts.of_installation(settings), public_url=settings.public_url,
                                probes=_probe_paths()),
            Middleware(BoundedSockets, visitors=visitors), Middleware(GuardedUploads, visitors=visitors),
            Middleware(FreshSignIn, visitors=visitors), Middleware(OpenSockets)]


def _probe_paths() -> list[str]:
    probes = [route.path for route in (*health.routes(), *endpoint.routes())]
    return [*probes, *(prefix.served() + path for path in probes)]


def connector(settings: Settings) -> Connect:
    """Give a function that connects to this installation's database."""
    return lambda: database.connect(settings)


def prepare(settings: Settings, db: Database[dict[str, Any]]) -> None:
    """Do what a database needs once per process: indexes, the first administrator or the set-up code. Repeatable.

    Raises ``DatabaseUnreachable`` when the database does not let us.
    """
    # At every page, whatever failed at the start: a server that came up without its database would ask nobody.
    access.second_factor = settings.second_factor
    where = database.label(settings)
    with _preparing:
        if where in _prepared:
            return
        try:
            setup.prepare(db, settings)
            undo.prepare(db)
            loans.prepare(db)
            stocktakings.prepare(db)
            events.prepare(db)
            plans.prepare(db)
            attachments.prepare(db)
            file_bytes.prepare(db)
            file_bytes.sweep(db)
            setup.announce(db, settings)
        except PyMongoError as error:
            raise database.unreachable(settings, error) from error
        _prepared.add(where)


def _start(warm_up: Callable[[], None], beside: Callable[[Settings], backups.Beside] | None) -> None:
    sys.setswitchinterval(TURN_SECONDS)
    console_log.begin()
    raise_descriptors()
    private.set_umask()
    log.info("equipment %s starts (process %s)", __version__, os.getpid())
    for name in unknown_options(os.environ):
        log.warning("there is no option %s; is it misspelt?", name)
    try:
        settings = get_settings()
        console_log.begin_with(settings)
        log.info("the page is at %s", _address())
        if database.choose(settings) is database.Choice.NONE:
            log.warning("there is no MongoDB; the page names the ways to get one")
            return
        _open(settings)
        started = backups.start(settings, connector(settings), beside and beside(settings))
        messenger.start(settings, started.scheduler)
        post.start(settings, address=prefix.public_address(settings),
                   silent=lambda: started.scheduler.standby is not None)
        _watching.append(LowSpace(settings, started))
        _watching[-1].start()
        warm_up()
    except BackupError as error:
        log.error("%s", error)  # the page shows the same words and offers to retry
    except Exception:  # the boundary of the server's start: the page must come up and say what is wrong
        log.exception("the start was not complete")


def _open(settings: Settings) -> None:
    """Reach the database now, so that the first visitor does not wait; a failure is the page's to show."""
    try:
        db = database.connect(settings)
        prepare(settings, db)
        _place_index(settings)
        listing.ready(db, 0)  # with 100,000 records the first look takes seconds
        log.info("using %s", database.label(settings))
    except BackupError as error:
        log.error("%s", error)


def _place_index(settings: Settings) -> None:
    """Say where the index of a long list lies; what is left of one where it is to be in memory goes."""
    root = settings.data_folder / "index"
    if settings.list_index == "memory":
        shutil.rmtree(root, ignore_errors=True)
        followed.keep_files(None)
    else:
        followed.keep_files(root, 0 if settings.list_index == "files" else followed.LONG)


def _stop() -> None:
    log.info("equipment stops")
    watching = [watch.stop for watch in _watching]
    _watching.clear()
    # first: a job that is still running needs the database
    stopping.side_by_side([*watching, messenger.stop, post.stop, backups.stop])
    database.close()
    log.info("equipment has stopped")


def _address() -> str:
    """Where this server is, as a browser on this machine calls it; a port that was taken is not the one that counts."""
    option = config.get_option
    host, path = option("server.address") or "localhost", (option("server.baseUrlPath") or "").strip("/")
    scheme = "https" if option("server.sslCertFile") else "http"
    return f"{scheme}://{host}:{option('server.port')}/{path}"


def _heed_hangup() -> None:
    """Let a closed terminal end the server in order, as SIGTERM does, unless nohup has it ignored."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup and threading.current_thread() is threading.main_thread() and (
            signal.getsignal(hangup) == signal.SIG_DFL):
        signal.signal(hangup, signal.getsignal(signal.SIGTERM))
