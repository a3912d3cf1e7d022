"""Where the options come from: the environment, ``.streamlit/secrets.toml``, and the defaults.

A command that is given a settings file looks there after the environment and before the secrets.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from backup_engine.errors import BadInput
from equipment.settings import settings_file
from equipment.settings.message_options import parts_of
from equipment.settings.options import SERVER_ONLY, Settings, option_name
from equipment.settings.places import home

__all__ = ["divert_backups", "file_of", "get_settings", "in_force", "installed", "is_current", "read", "secrets_of",
           "use", "write_file"]

def read(
    environment: Mapping[str, str], secrets_file: Path | None = None, file: Mapping[str, Any] | None = None
) -> Settings:
    """Build the settings from these sources; raises ``BadInput`` naming each wrong option.

    First the environment, then the options of a settings ``file``, the secrets, the defaults.
    """
    said = {name: text for name, text in environment.items() if text}
    given: dict[str, Any] = {**_secrets(secrets_file), **(file or {}), **said}
    values = {field: given[option_name(field)] for field in Settings.model_fields if option_name(field) in given}
    try:
        return Settings(**values)
    except ValidationError as error:
        wrong = "; ".join(f"{option_name(str(fault['loc'][0]))}: {fault['msg']}" for fault in error.errors())
        raise BadInput(f"The configuration cannot be used. {wrong}.", hint="Correct it and start again.") from None


def get_settings() -> Settings:
    """Give this process's settings, read once. Under pytest: empty temporary folders, no server, no installation."""
    global _current
    with _lock:
        if _current is None:
            _current = _for_tests() if "pytest" in sys.modules else installed()
        return _current


def installed(file: Path | None = None) -> Settings:
    """Read this installation's settings from the real sources, a settings ``file`` included.

    Raises ``BadInput`` naming each wrong option, and a name in the file that is no option.
    """
    options = {} if file is None else settings_file.load(file)
    known = {option_name(field) for field in Settings.model_fields}
    strange = sorted(options.keys() - known)
    if strange:
        raise BadInput(f"The settings file {file} names what is no option: {', '.join(strange)}.")
    return read(os.environ, _secrets_path(options.get(option_name("home"))), options)


def in_force(settings: Settings) -> dict[str, str | int | float | bool]:
    """Give the options that count now, by their names, in the form of a settings file; paths are absolute."""
    options: dict[str, str | int | float | bool] = {}
    for field in Settings.model_fields.keys() - SERVER_ONLY:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, Mapping):
            value = json.dumps(value)
        if value is not None and value != "":
            options[option_name(field)] = value
    return dict(sorted(options.items()))


def write_file(settings: Settings) -> Path:
    """Write the options in force into the settings file of the data folder; raises ``PermissionDenied``."""
    settings_file.write(file_of(settings), in_force(settings))
    return file_of(settings)


def file_of(settings: Settings) -> Path:
    """Where this installation's settings file lies."""
    return settings.data_folder / settings_file.NAME


def is_current(settings: Settings) -> bool:
    """Whether the settings file is there and says what is in force; raises ``BadInput`` for one that cannot be read."""
    path = file_of(settings)
    return path.exists() and settings_file.load(path) == in_force(settings)


@contextmanager
def use(settings: Settings) -> Iterator[Settings]:
    """Make these the process's settings inside the block; for tests."""
    global _current
    before, _current = _current, settings
    try:
        yield settings
    finally:
        _current = before


def secrets_of(settings: Settings) -> list[str]:
    """Give every secret of this installation, the identity provider's too, for the log to leave out."""
    values = [getattr(settings, field) for field in Settings.model_fields]
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    for keys in (settings.notify, settings.dead_man_url):
        found += parts_of(keys.get_secret_value()) if keys else ()
    with suppress(BadInput):  # then nothing in that file is in use
        found += _secret_texts(_secrets(_secrets_path(str(settings.home) if settings.home else None)))
    return found


def _secret_texts(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _secret_texts(value)
        elif isinstance(value, str) and re.search("secret|password|token|key|uri$", name, re.I):
            yield value


def divert_backups() -> None:
    """From now on keep this process's backups in a temporary folder: those of a demo must not mix with real ones."""
    global _current
    folder = Path(tempfile.mkdtemp(prefix="equipment-demo-"))
    places = {"backup_folder": folder, "backup_remote": "", "work_folder": folder.with_name(f"{folder.name}-work")}
    _current = get_settings().model_copy(update=places)


_lock = threading.Lock()
_current: Settings | None = None


def _secrets_path(home_in_file: str | None = None) -> Path | None:
    # A process that a test started must not find the installation's secrets either.
    if "PYTEST_VERSION" in os.environ:
        return None
    named = os.environ.get(option_name("home")) or home_in_file
    return home(Path(named) if named else None) / ".streamlit" / "secrets.toml"


def _secrets(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"The file .streamlit/{path.name} cannot be read: {type(error).__name__}.",
                       hint="It must be UTF-8 text in TOML, readable for this user.") from None


def _for_tests() -> Settings:
    folder = Path(tempfile.mkdtemp(prefix="equipment-test-"))
    return Settings(data_folder=folder / "data", backup_folder=folder / "backups", embedded_database=False)
