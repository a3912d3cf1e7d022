"""The session cookie's name: one for each installation, so that two on one host do not sign each other out.

A browser sends a cookie to every port of a host. The name bears a hash of where the database is and what it is called;
logins and options of the connection string are not part of it, so that it tells nothing of a password and stays when
that changes. Versions before wrote ``OLD`` everywhere: it is read where the own one is missing, and then replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from equipment.settings import Settings

__all__ = ["OLD", "given", "hosts", "is_old", "name", "name_of"]

OLD: Final = "equipment_session"
PORT: Final = ":27017"
LENGTH: Final = 16
"""Hexadecimal digits of the hash."""


def name_of(settings: Settings) -> str:
    """Give the name of this installation's cookie."""
    uri = settings.mongodb_uri
    where = [str(settings.data_folder.absolute())] if uri is None else hosts(uri.get_secret_value())
    return name(where, settings.mongodb_database)


def name(where: Sequence[str], database: str) -> str:
    """Give the cookie's name for a database by the hosts it is on, or the folder of the embedded one."""
    return f"{OLD}_{sha256(chr(0).join([*where, database]).encode()).hexdigest()[:LENGTH]}"


def hosts(uri: str) -> list[str]:
    """Give the hosts of a connection string, without login, options and order; none is looked up."""
    scheme, _, rest = uri.partition("://")
    # The last @ and not the first: in a password that nobody percent-encoded there may be others.
    authority = rest.partition("?")[0].rpartition("@")[2].partition("/")[0]
    named = [host.strip().lower() for host in authority.split(",") if host.strip()]
    if scheme.endswith("+srv"):
        return sorted(named)
    return sorted(host if ":" in host.rpartition("]")[2] or "%2f" in host else host + PORT for host in named)


def given(cookies: Mapping[str, str], settings: Settings) -> str:
    """Give the text of the cookie among those of a browser; empty without one."""
    return cookies.get(name_of(settings)) or cookies.get(OLD) or ""


def is_old(cookies: Mapping[str, str], settings: Settings) -> bool:
    """Tell whether ``given`` is from a version before, and so to be replaced."""
    return not cookies.get(name_of(settings)) and bool(cookies.get(OLD))
