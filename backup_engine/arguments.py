"""What ``DatabaseBackupRestore`` takes: every argument checked, and none ignored, before anything is touched.

An argument that is unknown or contradicts another is a ``TypeError``, as in any call; a value that cannot be used is
``BadInput``. None counts as not given, but for ``keep_days``, where somebody could mean "for ever" by it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from reprlib import repr as short
from typing import Any

from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.uri_parser import parse_uri

from backup_engine.csv_format.seal import SUFFIXES, Seal
from backup_engine.errors import BadInput, WrongKey
from backup_engine.keys.choice import checked_recipients
from backup_engine.keys.identity import keys_in
from backup_engine.model import Application, Source
from backup_engine.policy.due import check_interval
from backup_engine.policy.tiers import checked as checked_tiers
from backup_engine.remotes.address import check_name, configured, parse
from backup_engine.scheduling.preferences import given_by

__all__ = ["KEEP_DAYS", "checked", "database_named", "flag", "mode_of", "rows_of"]

KEEP_DAYS = (1, 3650)
MAX_WORKERS = 256
NAME_BYTES = 63
"""MongoDB's limit for the name of a database; the characters below are those it refuses."""

_DATABASE = re.compile(r'[^/\\. "$*<>:|?\x00]+')
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_LOGIN_PATHS = frozenset({"admin", "config", "local"})
_WAYS = {
    "connection_string": "the server", "client": "the server", "connect": "the database",
}
"""Ways to the database, and what each says already."""


def checked(given: Mapping[str, Any], *, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give what was given, each value in its own type; ``also`` are names that the caller takes besides.

    Raises ``TypeError`` for unknown and for contradictory arguments, ``BadInput`` for values that cannot be used.
    """
    unknown = [name for name in given if name not in _RULES]
    if unknown:
        raise TypeError(f"DatabaseBackupRestore() has no argument {', '.join(map(repr, unknown))}; "
                        f"it takes {', '.join((*_RULES, *also))}")
    values = {name: value for name, value in given.items() if value is not None or name == "keep_days"}
    _refuse_contradictions(values)
    return {name: _RULES[name](value) for name, value in values.items()}


def database_named(values: Mapping[str, Any]) -> str | None:
    """Give the database in the path of the connection string, the client's own included.

    Paths of ``admin``, ``config`` and ``local`` say where the login is checked; no list lies there.
    """
    if "client" in values:
        try:
            name = values["client"].get_default_database().name
        except ConfigurationError:
            return None
    else:
        # parse_uri would ask the DNS for the hosts behind +srv
        uri = str(values.get("connection_string", "")).replace("mongodb+srv://", "mongodb://", 1)
        try:
            name = parse_uri(uri, validate=False, warn=False)["database"]
        except (PyMongoError, ValueError, TypeError):
            return None  # the first use says what is wrong with it
    return None if name in _LOGIN_PATHS else name


def mode_of(restore_mode: str) -> str:
    """Give ``replace`` or ``merge``. Raises ``BadInput``."""
    modes = {"replace": "replace", "merge": "merge", "smart_merge": "merge"}
    if not isinstance(restore_mode, str) or restore_mode not in modes:
        raise BadInput(f"Unknown restore mode {restore_mode!r:.40}: use replace or merge.")
    return modes[restore_mode]


def rows_of(limit: int | None) -> int:
    """Give a number of rows; None means all. Raises ``BadInput``."""
    if limit is None:
        return sys.maxsize
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise BadInput(f"limit must be a number of rows, or None for all, not {limit!r:.40}.")
    return limit


def flag(name: str, value: bool) -> bool:
    """Give a truth value that was one. Raises ``BadInput``."""
    if not isinstance(value, bool):  # "no" would count as yes
        raise BadInput(f"{name} must be True or False, not {value!r:.40}.")
    return value


def _refuse_contradictions(values: Mapping[str, Any]) -> None:
    for first, second in combinations([name for name in _WAYS if name in values], 2):
        raise TypeError(f"{first} and {second} both name {_WAYS[first]}: drop one of them")
    for part in ("compression", "recipients"):
        if "seal" in values and part in values:
            raise TypeError(f"seal and {part} both say how backups are stored: drop one of them")
    if "connect" in values and "database" in values:
        raise TypeError("connect gives the database itself: drop database, or give connection_string or client instead")


def _text(name: str) -> Callable[[Any], str]:
    def rule(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise BadInput(f"{name} must be text, and not empty: {short(value)} says nothing.",
                           hint="Leave it out to use the one of this installation.")
        return value

    return rule


def _called(name: str) -> Callable[[Any], Any]:
    def rule(value: Any) -> Any:
        if not callable(value):
            raise BadInput(f"{name} must be something to call, not {short(value)}.")
        return value

    return rule


def _client(value: Any) -> Any:
    # By name: a stand-in in memory is a client, too. A database has items like a client, and would be taken for one.
    if not any(kind.__name__ == "MongoClient" for kind in type(value).__mro__):
        raise BadInput(f"client must be a MongoClient, not {type(value).__name__}.")
    return value


def _database(value: Any) -> str:
    name = _text("database")(value)
    if not _DATABASE.fullmatch(name) or len(name.encode(errors="replace")) > NAME_BYTES:
        raise BadInput(f"{short(name)} cannot be the name of a database: at most {NAME_BYTES} bytes, "
                       'and none of / \\ . space " $ * < > : | ?')
    return name


def _folder(name: str) -> Callable[[Any], str]:
    def rule(value: Any) -> str:
        path = os.fspath(value) if isinstance(value, os.PathLike) else value
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise BadInput(f"{name} must name a {'file' if name == 'signing_key' else 'folder'}, not {short(value)}.")
        return path

    return rule


def _days(value: Any) -> int:
    first, last = KEEP_DAYS
    # A bool is an int to Python: True would be a day.
    if isinstance(value, bool) or not isinstance(value, int) or not first <= value <= last:
        raise BadInput(f"keep_days must be a whole number of days from {first} to {last}, not {short(value)}.",
                       hint="To keep a backup for ever, pin it.")
    return value


def _sources(value: Any) -> tuple[Source, ...]:
    sources = tuple(value) if isinstance(value, (tuple, list)) else ()
    if not sources or not all(isinstance(source, Source) for source in sources):
        raise BadInput(f"sources must be one or more Source(key, collection), not {short(value)}.")
    for source in sources:
        if not isinstance(source.key, str) or not _KEY.fullmatch(source.key):
            raise BadInput(f"{short(source.key)} cannot name files: a key is small letters, digits and _.")
        if not isinstance(source.collection, str) or not source.collection:
            raise BadInput(f"the source {source.key} names no collection.")
    for name in ("key", "collection"):
        if len({getattr(source, name) for source in sources}) < len(sources):
            raise BadInput(f"two sources have one {name}.")
    return sources


def _application(value: Any) -> Application:
    if not isinstance(value, Application):
        raise BadInput(f"application must be an Application, not {type(value).__name__}.")
    return replace(value, sources=_sources(value.sources))


def _seal(value: Any) -> Seal:
    if not isinstance(value, Seal):
        raise BadInput(f"seal must be a Seal, not {type(value).__name__}.")
    return value


def _remotes(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return configured(value)
    if not isinstance(value, Mapping) or not all(isinstance(part, str) for item in value.items() for part in item):
        raise BadInput(f"remotes must be addresses by name, not {type(value).__name__}.")
    return {check_name(name): parse(url).url for name, url in value.items()}


def _compression(value: Any) -> str:
    if not isinstance(value, str) or value not in SUFFIXES:
        raise BadInput(f"compression must be one of {', '.join(SUFFIXES)}, not {short(value)}.")
    return value


def _recipients(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (str, list, tuple)):
        raise BadInput(f"recipients must be age public keys (age1…), not {type(value).__name__}.")
    return () if value == "none" or list(value) == ["none"] else checked_recipients(value)


def _identities(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise BadInput("identities must be age secret keys as text.")
    try:
        each = [keys_in(text).identities for text in texts]
    except WrongKey as error:
        raise BadInput(f"identities must be age secret keys: {error.detail}.") from error
    if not all(each):
        raise BadInput("identities must be age secret keys (AGE-SECRET-KEY-1…).")  # never the value: it may be one
    return tuple(identity for found in each for identity in found)


def _workers(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_WORKERS:
        raise BadInput(f"workers must be a whole number from 0 to {MAX_WORKERS}, not {short(value)}.")
    return value


def _schedules(value: Any) -> dict[str, str]:
    given_by(value)
    return {name: text for name, text in value.items() if text != ""}


_RULES: dict[str, Callable[[Any], Any]] = {
    "connection_string": _text("connection_string"), "client": _client, "connect": _called("connect"),
    "database": _database, "backup_folder": _folder("backup_folder"), "keep_days": _days,
    "interval_hours": check_interval, "sources": _sources, "seal": _seal, "compression": _compression,
    "recipients": _recipients, "identities": _identities, "signing_key": _folder("signing_key"),
    "clock": _called("clock"), "workers": _workers, "work_folder": _folder("work_folder"),
    "application": _application, "remotes": _remotes, "tiers": checked_tiers, "schedules": _schedules,
}
"""Every argument, and what makes its value one that can be used."""
