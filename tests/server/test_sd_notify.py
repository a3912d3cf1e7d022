"""A service manager at a real socket hears when the app is ready, alive and ending, and nothing while it hangs."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.frozen import freeze, thaw
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, mongods, wait_for

WATCHDOG_SECONDS = 1.0


class Manager:
    """What systemd is at the other end: a socket for datagrams, and what came."""

    def __init__(self, address: str) -> None:
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """Give all lines that came so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self.socket.recv(4096).decode().splitlines()
        return self.heard

    def forget(self) -> None:
        """Leave out what came until now."""
        self.listen()
        self.heard.clear()

    def hears(self, line: str) -> bool:
        """Whether the line came."""
        return line in self.listen()

    def status(self) -> str:
        """The last words about how it is."""
        return [line for line in self.listen() if line.startswith("STATUS=")][-1].removeprefix("STATUS=")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def test_ready_alive_silent_and_ending(manager: Manager, tmp_path: Path) -> None:
    with RunningApp(folder=tmp_path, wait=False, **manager.environment) as app:
        wait_for(lambda: manager.hears("READY=1"), "the word that it is ready", 90)

        assert app.get("/livez")[0] == app.get("/readyz")[0] == 200
        assert manager.heard[0].startswith("STATUS=Starting")
        assert manager.status() == "Using embedded MongoDB, database Equipment_DB"
        wait_for(lambda: manager.listen().count("WATCHDOG=1") >= 3, "three signs of life")
        [server] = mongods(app.data_folder)
        assert b"NOTIFY_SOCKET" not in Path(f"/proc/{server}/environ").read_bytes()

        freeze(app.process.pid)
        manager.forget()
        time.sleep(3 * WATCHDOG_SECONDS)  # that nothing comes is only seen by waiting
        assert manager.listen() == []

        thaw(app.process.pid)
        wait_for(lambda: manager.hears("WATCHDOG=1"), "life again")
        app.end()
        assert manager.hears("STOPPING=1")
        assert manager.status().startswith("Stopping")


def test_it_is_ready_with_the_reason_when_the_database_is_down_and_says_when_it_is_back(manager: Manager) -> None:
    server = Mongod()
    server.kill()
    try:
        with RunningApp(wait=False, MONGODB_URI=server.uri, **manager.environment) as app:
            wait_for(lambda: manager.hears("READY=1"), "the word that it is ready", 90)

            assert manager.status().startswith("Database connection failed")
            assert app.get("/livez")[0] == 200
            wait_for(lambda: manager.hears("WATCHDOG=1"), "a sign of life: a restart would not help")

            server.start()
            wait_for(lambda: manager.status().startswith("Using"), "the good news", 60)
    finally:
        server.stop()
