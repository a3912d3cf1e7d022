"""The path under which this server answers: Streamlit's ``server.baseUrlPath``.

Streamlit mounts only its own routes there; ours are moved by ``under``. A proxy that takes a prefix off leaves this
empty: then only ``EQUIPMENT_PUBLIC_URL`` knows the path that the browser sees.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Route
from streamlit import config

from equipment.settings import Settings

__all__ = ["public_address", "served", "under"]


def served() -> str:
    """Give the prefix, such as ``/lab``; empty at the root."""
    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def under(prefix: str, routes: Iterable[Route]) -> list[BaseRoute]:
    """Give the same routes below a prefix.

    Not a ``Mount``: that would take every other address below the prefix away from Streamlit.
    """
    return [Route(prefix + route.path, route.endpoint, methods=list(route.methods or ())) for route in routes]


def public_address(settings: Settings) -> str:
    """Give the address people use, without a slash at the end; empty when nobody has said.

    ``EQUIPMENT_PUBLIC_URL`` without a path means the path under which this server answers.
    """
    public = settings.public_url.rstrip("/")
    return public if not public or urlsplit(public).path else public + served()
