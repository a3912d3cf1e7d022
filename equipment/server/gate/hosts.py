"""The names this server answers to. A page that was given the server's address under a name of its own gets nothing.

That is DNS rebinding: the browser believes that it still speaks with the foreign page's server. It takes a name, so an
address written in numbers is always good.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from streamlit import config

from equipment.settings import Settings

__all__ = ["Hosts", "of_installation"]

LOOPBACK: Final = ("localhost", "ip6-localhost", "localhost.localdomain")


class Hosts:
    """Names, in any case; ``*.lab.example`` stands for every name below, ``*`` for every name there is."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = {name.strip().lower().rstrip(".") for name in names if name.strip()}

    def allow(self, header: str) -> bool:
        """Tell whether a Host header, with or without a port, names this server."""
        try:
            parts = urlsplit(f"//{header}")
            name, _ = (parts.hostname or "").rstrip("."), parts.port  # asking for the port checks it
        except ValueError:
            return False
        if not name or parts.netloc != header or "@" in header:
            return False
        return "*" in self.names or name in self.names or _is_number(name) or any(
            name.endswith(pattern[1:]) for pattern in self.names if pattern.startswith("*."))


def of_installation(settings: Settings) -> Hosts:
    """Give what the options say: ``EQUIPMENT_ALLOWED_HOSTS``, and always what this server is called by itself."""
    own = socket.gethostname()
    address = str(config.get_option("server.address") or "")
    hosts = Hosts([*settings.allowed_hosts.split(","), *LOOPBACK, own, f"{own}.local", address,
                   urlsplit(settings.public_url).hostname or ""])
    # Its whole name, such as lab-pc.example.org, may be a question to DNS, which can take half a minute to fail.
    threading.Thread(target=lambda: hosts.names.add(socket.getfqdn().lower()), name="own-name", daemon=True).start()
    return hosts


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
