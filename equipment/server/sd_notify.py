"""What systemd is told of a service of ``Type=notify``: ready, alive, ending, and in words how it is.

Datagrams of lines ``NAME=value`` to the socket that ``NOTIFY_SOCKET`` names (sd_notify(3), sd_watchdog_enabled(3)).

* Ready is a server that answers a request, after MongoDB was reached or the reason why not is known: the page says
  that reason, and a restart would not help.
* Alive is a server that answers ``/livez``: one that hangs, or has no file descriptor left for a new visitor, says
  nothing, and systemd starts it again. A database that is down is no reason for that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

__all__ = ["Manager", "manager"]

log = logging.getLogger(__name__)

STATUS_SECONDS = 30.0
"""How often it is asked how the database is; soon after the start or a change, then after twice that, and so on."""
SOON_SECONDS = 1.0
AGAIN_SECONDS = 0.05
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where one asks oneself when the server listens on every address."""


@dataclass(frozen=True)
class Manager:
    """Who started this process. Without an address nobody listens, and everything here does nothing."""

    address: str = ""
    watchdog_seconds: float = 0.0
    """Silence after which the process is taken for dead; 0 where nobody watches."""

    def tell(self, **facts: str | int) -> None:
        """Send facts such as ``STATUS="…"``; one that cannot be sent is logged."""
        if not self.address:
            return
        text = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in facts.items())
        # A name in the abstract namespace is written with @ and begins with a zero byte.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)  # a manager that does not read must not hold the server up
                sender.sendto(text.encode(), address)
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", ", ".join(facts), error.strerror)

    @asynccontextmanager
    async def attended(self, condition: Callable[[], str]) -> AsyncIterator[Callable[[], None]]:
        """Around the life of a started server: tell that it is ready, alive, and what ``condition`` says.

        ``condition`` says in words how the database is; it may wait, so it runs in a thread. Gives the function to call
        when the server begins to end.
        """
        ending = asyncio.Event()
        # Tasks of asyncio and not a group: a fault in one of them must not end the server.
        tasks = [asyncio.create_task(self._report(condition))] if self.address else []
        if self.address and self.watchdog_seconds:
            tasks.append(asyncio.create_task(self._keep_alive(ending)))

        def end() -> None:
            for task in tasks[:1]:
                task.cancel()
            ending.set()
            self.tell(STOPPING=1, STATUS="Stopping: what is being written is brought to a safe point")

        try:
            yield end
        finally:
            for task in tasks:
                task.cancel()

    async def _report(self, condition: Callable[[], str]) -> None:
        while not await answers():
            await asyncio.sleep(AGAIN_SECONDS)
        said = await asyncio.to_thread(condition)
        self.tell(READY=1, STATUS=said)
        pause = SOON_SECONDS
        while True:
            await asyncio.sleep(pause)
            now = await asyncio.to_thread(condition)
            pause = min(2 * pause, STATUS_SECONDS) if now == said else SOON_SECONDS
            if now != said:
                self.tell(STATUS=now)
            said = now

    async def _keep_alive(self, ending: asyncio.Event) -> None:
        """Give a sign twice as often as is asked for, also while the server ends and no longer answers."""
        while True:
            if ending.is_set() or await answers(self.watchdog_seconds / 2):
                self.tell(WATCHDOG=1)
            await asyncio.sleep(self.watchdog_seconds / 2)


def manager(environment: MutableMapping[str, str] = os.environ) -> Manager:
    """Take what systemd says out of the environment: MongoDB, a child, must not speak for this process."""
    address = environment.pop("NOTIFY_SOCKET", "")
    microseconds = environment.pop("WATCHDOG_USEC", "")
    meant = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
    if address and not address.startswith(("/", "@")):
        log.warning("NOTIFY_SOCKET=%s is no address that is known here", address)
        address = ""
    return Manager(address, int(microseconds) / 1e6 if meant and microseconds.isdigit() else 0.0)


async def answers(seconds: float = 5.0) -> bool:
    """Whether this process, asked at its own port as anybody would, says within this time that it lives."""
    from streamlit import config  # here: a daemon has no page, and does not load it

    host = str(config.get_option("server.address") or "127.0.0.1")
    tls = ssl._create_unverified_context() if config.get_option("server.sslCertFile") else None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                ANY_ADDRESS.get(host, host), int(config.get_option("server.port")), ssl=tls)
            try:
                writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):  # not yet, no longer, or not in time
        return False
