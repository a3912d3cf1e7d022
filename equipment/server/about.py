"""What whoever helps with an installation asks first: versions, kind of database, and which options are said."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, Literal, get_args, get_origin

from pymongo.database import Database
from pymongo.errors import PyMongoError

from equipment import __version__
from equipment.server import database
from equipment.server.database import Choice
from equipment.settings import Settings, option_name

__all__ = ["KINDS", "lines", "options"]

KINDS = {Choice.URI: "at the address in MONGODB_URI", Choice.EMBEDDED: "embedded", Choice.PATH: "from this machine",
         Choice.DEMO: "in-memory demo", Choice.NONE: "none"}


def lines(settings: Settings, db: Database[dict[str, Any]]) -> list[str]:
    """Give versions and the kind of database, one a line, without a name of a host, folder or person."""
    return [
        f"Equipment {__version__}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"Streamlit {version('streamlit')}, pymongo {version('pymongo')}",
        f"MongoDB {_mongodb(db)}, {KINDS[database.choose(settings)]}",
    ]


def options(settings: Settings) -> list[str]:
    """Name every option that is not as it comes, one a line.

    Only numbers, switches and choices are told with their value: whatever is text may hold a secret or a name.
    """
    usual, fields = Settings(home=settings.home), Settings.model_fields
    said = {field: getattr(settings, field) for field in sorted(fields, key=option_name)}
    return [f"{option_name(field)}: {value if _may_be_told(value, fields[field].annotation) else 'given'}"
            for field, value in said.items() if value != getattr(usual, field)]


def _may_be_told(value: object, annotation: Any) -> bool:
    if isinstance(value, bool | int | float):
        return True
    kinds = (annotation, *get_args(annotation))  # of an optional one the choices are inside
    return any(get_origin(kind) is Literal and value in get_args(kind) for kind in kinds)


def _mongodb(db: Database[dict[str, Any]]) -> str:
    try:
        return str(db.client.server_info()["version"])
    except PyMongoError:
        return "does not answer"
