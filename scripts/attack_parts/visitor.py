"""An honest visitor who looks at the list while the server is attacked, and what the server takes meanwhile."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp

__all__ = ["Felt", "looks"]

ROOT = Path(__file__).resolve().parents[2]
PAUSE_SECONDS = 0.05
SAMPLE_SECONDS = 0.05


@dataclass
class Felt:
    """What the visitor felt: seconds of a whole run of the page and of ``/livez``; the server's memory in bytes."""

    pages: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    before: int = 0
    most: int = 0
    done: int = 0
    """How often the attacker did it."""

    def page(self, share: float) -> float:
        """Give the time that this share of the pages takes at most."""
        return _quantile(self.pages, share)

    def livez(self, share: float) -> float:
        """Give the time that this share of the health checks takes at most."""
        return _quantile(self.health, share)

    @property
    def grown(self) -> int:
        """Bytes that the server took more than before, at most."""
        return self.most - self.before


def looks(app: RunningApp, cookie: str, attack: str, seconds: float, attacker: str) -> Felt:
    """Look at the list again and again for that long; ``attack`` is what goes on meanwhile, empty for nothing."""
    felt = Felt()
    server = psutil.Process(app.process.pid)
    felt.before = felt.most = server.memory_info().rss
    enough = threading.Event()

    def watch() -> None:
        while not enough.wait(SAMPLE_SECONDS):
            felt.most = max(felt.most, server.memory_info().rss)

    watching = threading.Thread(target=watch)
    process = _attacker(attack, app.url, seconds, attacker) if attack else None
    with PageClient(app.url, cookie=cookie) as page:
        page.run()
        watching.start()
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                felt.pages.append(_timed(page.run))
                felt.health.append(_timed(lambda: app.get("/livez")))
                time.sleep(PAUSE_SECONDS)
        finally:
            enough.set()
            watching.join()
            if process is not None:
                said, _ = process.communicate(timeout=60)
                felt.done = int(said.decode().split()[-1]) if said.split() else 0
    return felt


def _attacker(attack: str, url: str, seconds: float, cookie: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["nice", "-n", "10", sys.executable, "-m", "scripts.attack_parts.attackers", attack, url,
                             str(seconds + 2), cookie], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _timed(step: object) -> float:
    begun = time.perf_counter()
    step()  # type: ignore[operator]
    return time.perf_counter() - begun


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return statistics.median(ordered) if share == 0.5 else ordered[min(len(ordered) - 1, int(share * len(ordered)))]
