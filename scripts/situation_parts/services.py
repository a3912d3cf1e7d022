"""What a service manager is told at its socket (https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

from __future__ import annotations

import socket
import time

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.situation import FAILS, WORKS, Outcome, Situation
from tests.server.running_app import RunningApp

KIND = "service"
PATIENCE = 60.0


def _manager(ground: Ground) -> socket.socket:
    there = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    there.bind(str(ground.folder / "notify"))
    there.settimeout(PATIENCE)
    return there


def _until(there: socket.socket, line: str) -> None:
    """Wait for that line; raises ``TimeoutError``."""
    while line not in there.recv(4096).decode().splitlines():
        pass


def _notifies(ground: Ground) -> Outcome:
    began = time.monotonic()
    with _manager(ground) as there:
        with RunningApp(folder=ground.folder, NOTIFY_SOCKET=str(ground.folder / "notify"),
                        WATCHDOG_USEC="2000000") as app:
            _until(there, "READY=1")
            seconds = time.monotonic() - began
            _until(there, "WATCHDOG=1")
            code = app.end()
        _until(there, "STOPPING=1")
    ok = code in (0, -15)
    return Outcome(WORKS if ok else FAILS, "READY=1, WATCHDOG=1 and STOPPING=1 came" if ok else f"ended with {code}",
                   seconds)


SITUATIONS = (Situation(KIND, "systemd: `Type=notify` with a watchdog", WORKS, _notifies),)
