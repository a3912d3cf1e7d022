"""Ports for the servers that tests start, which nobody else is given between drawing one and listening on it.

What ``bind(0)`` gives lies in the range of outgoing connections, and another test process opens some at any moment. So
they are drawn below that range, and each process of a run from a stretch of its own.
"""

from __future__ import annotations

import os
import random
import re
import socket
from contextlib import closing
from itertools import count

LOWEST = 10_000
HIGHEST = 32_767
"""The last below Linux' range of outgoing connections (ip(7), ``ip_local_port_range``)."""
STRETCHES = 8
_WIDTH = (HIGHEST - LOWEST) // STRETCHES
_own = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % STRETCHES
# Two runs on one machine: each begins somewhere else in its stretch.
_numbers = count(random.SystemRandom().randrange(_WIDTH))


def free_ports(number: int) -> list[int]:
    """Give so many TCP ports of this machine that nobody listens on; none is given twice in a while."""
    found: list[int] = []
    while len(found) < number:
        port = LOWEST + _own * _WIDTH + next(_numbers) % _WIDTH
        if _is_free(port):
            found.append(port)
    return found


def free_port() -> int:
    """Give one."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
