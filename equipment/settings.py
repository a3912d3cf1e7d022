"""Every option of the application: from the environment, ``.streamlit/secrets.toml``, and the defaults here.

A command that is given a settings file looks there after the environment and before the secrets.

Those in ``PLAIN`` go by their plain names (``MONGODB_URI``, ``BACKUP_FOLDER`` …); every other one is its field's name
in capitals after ``EQUIPMENT_``.
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
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from backup_engine.errors import BadInput
from equipment import settings_file
from equipment.domain.roles import Role

__all__ = [
    "ROOT", "Settings", "divert_backups", "file_of", "get_settings", "home", "in_force", "installed", "is_checkout",
    "is_current", "not_given", "option_name", "read", "secrets_of", "unknown_options", "use", "write_file",
]

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the code: a checkout, with ``app.py``, or where pip put an installed copy."""

PREFIX = "EQUIPMENT_"
SERVER_ONLY = frozenset({"admin_user", "admin_password", "health_token"})
"""Of no use to a command that makes backups, so that no settings file repeats these secrets."""
TIERS = ("hourly", "daily", "weekly", "monthly", "yearly")
PLAIN = frozenset({"mongodb_uri", "mongodb_database", "backup_folder", "backup_interval_hours", "backup_compression",
                   "backup_recipients", "backup_signing_key", "backup_remote",
                   *(f"backup_keep_{tier}" for tier in TIERS)})

NOT_IN_BACKUPS = {
    "public_url": "the address people use, when a proxy stands in front",
    "oidc": "sign-in through an identity provider, with its secrets under [auth] and EQUIPMENT_OIDC_ROLES",
    "health_token": "the secret of whoever watches /healthz and /metrics",
    "backup_remote": "the places off this machine, and the login each address refers to; those that were added in the "
                     "app as well",
    "backup_keep_yearly": "how many years have a backup kept, like the other BACKUP_KEEP_…; also when the app was told",
    "backup_recipients": "the public keys of new backups, if they are to be encrypted; also when the app was told",
    "backup_signing_key": "the key that signs new backups, if they were signed",
}
"""What whoever sets up another machine has to give again, if the first one had it."""


class Settings(BaseModel):
    """One installation's options. Build it with field names for a test; ``get_settings`` reads the real sources."""

    # validate_default: the default folders are relative and must be resolved too.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # The first field: pydantic shows a validator only those above, and the folders below start at this one.
    home: Path | None = Field(
        default=None,
        description="Folder of an installed copy's data and of its .streamlit/secrets.toml; it must exist. "
                    "A checkout is its own folder and does not ask.")
    mongodb_uri: SecretStr | None = Field(
        default=None,
        description="Connection string of your MongoDB. Without it the MongoDB that comes with the requirements runs. "
                    "A database in its path is only where the login is checked.")
    mongodb_database: str = Field(
        default="Equipment_DB", min_length=1, max_length=63, pattern=r'^[^/\\. "$*<>:|?\x00]+$',
        description="Name of the database that holds the equipment list.")
    backup_folder: Path = Field(
        default=Path("restore_data_to_db"),
        description="Folder of the backups; relative to the folder of app.py or EQUIPMENT_HOME.")
    backup_interval_hours: float = Field(
        default=1, ge=0.1, le=168, allow_inf_nan=False,
        description="Hours between automatic backups (0.1–168) until an administrator chooses otherwise in the app.")
    backup_keep_days: int = Field(
        default=7, ge=1, le=3650,
        description="Days after which retention may delete a backup; the newest good ones always stay.")
    backup_keep_hourly: int | None = Field(
        default=None, ge=0, le=8784,
        description="Besides the days: hours of which the newest good backup is kept. Unset, as for the next four, "
                    "what an administrator chose in the app, else 0.")
    backup_keep_daily: int | None = Field(
        default=None, ge=0, le=3650, description="Days of which the newest good backup is kept.")
    backup_keep_weekly: int | None = Field(
        default=None, ge=0, le=520, description="Weeks (from Monday) of which the newest good backup is kept.")
    backup_keep_monthly: int | None = Field(
        default=None, ge=0, le=120, description="Months of which the newest good backup is kept.")
    backup_keep_yearly: int | None = Field(
        default=None, ge=0, le=100, description="Years of which the newest good backup is kept.")
    backup_compression: Literal["none", "gzip", "zstd"] | None = Field(
        default=None,
        description="How backup files are compressed: `none`, `gzip` or `zstd`. Unset, what an administrator chose in "
                    "the app, else `none`.")
    backup_recipients: str = Field(
        default="",
        description="Public keys (`age1…,age1…`) to encrypt backups for; `keys new` makes them. `none` for plain "
                    "files. Unset, what an administrator chose in the app.")
    backup_signing_key: Path | None = Field(
        default=None,
        description="File of the signature key that signs backups (`keys signer` makes it); relative to the folder of "
                    "app.py or EQUIPMENT_HOME.")
    backup_remote: str = Field(
        default="",
        description="Places off this machine that get every backup: `name=URL`, several with blanks between them, such "
                    "as `cloud=s3://bucket/prefix?region=eu-west-1 disk=file:///mnt/disk`. No secrets stand in it.")
    data_folder: Path = Field(
        default=Path(".data"),
        description="Folder of the embedded MongoDB's files; relative to the folder of app.py or EQUIPMENT_HOME.")
    runtime_folder: Path | None = Field(
        default=None,
        description="Folder for the socket of the embedded MongoDB; a short path without capital letters. By default "
                    "systemd's RUNTIME_DIRECTORY, or a private folder in the temporary folder.")
    work_folder: Path | None = Field(
        default=None,
        description="Folder for the safety backup of a restore from a backup folder that can only be read; by default "
                    "`work` in the data folder.")
    embedded_database: bool = Field(
        default=True,
        description="Run a MongoDB of our own when there is no MONGODB_URI. With false the app asks for one instead.")
    min_free_mb: int = Field(
        default=500, ge=0, le=1_000_000,
        description="Free megabytes on the disk of the data folder below which the list is read-only, as a full disk "
                    "ends the embedded MongoDB; 0 never.")
    admin_user: str = Field(
        default="",
        description="With EQUIPMENT_ADMIN_PASSWORD: name of the first administrator, created at the first start.")
    admin_password: SecretStr | None = Field(
        default=None, description="With EQUIPMENT_ADMIN_USER: password of the first administrator.")
    session_idle_hours: float = Field(
        default=12, ge=0.1, le=720, allow_inf_nan=False,
        description="Hours without any activity after which a sign-in ends.")
    session_days: float = Field(
        default=14, ge=0.01, le=366, allow_inf_nan=False,
        description="Days after which a sign-in ends in any case.")
    public_url: str = Field(
        default="", pattern=r"^(https?://[^/\s]+(/\S*)?)?$",
        description="Address people use to reach the app, such as https://example.org/lab, when a proxy stands in "
                    "front. Labels bear it. With https the sign-in cookie is always marked Secure.")
    health_token: SecretStr | None = Field(
        default=None, min_length=16,
        description="Whoever sends it to /healthz or /metrics as `Authorization: Bearer …` is told details. "
                    "At least 16 characters.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How the log is written to standard error: text, or json with one object a line.")
    log_level: Literal["", "debug", "info", "warning", "error"] = Field(
        default="", description="What is logged: debug, info, warning or error. By default info in the app, and "
                                "warning on the command line, whose answer is no log.")
    activity_days: int = Field(
        default=0, ge=0, le=36500,
        description="Days after which entries of the activity log are forgotten; 0 keeps them forever.")
    oidc: bool = Field(
        default=False,
        description="Offer sign-in through the OpenID Connect provider configured under [auth] in the secrets file.")
    oidc_provider: str = Field(
        default="", pattern=r"^[^_]*$",  # Streamlit refuses an underscore in it
        description="Name of the provider's section, for [auth.NAME]; empty for [auth] itself.")
    oidc_name_claim: str = Field(
        default="name", description="Claim that holds the person's name as shown in the app.")
    oidc_role_claim: str = Field(
        default="groups", description="Claim whose value or values decide the role.")
    oidc_roles: dict[str, Role] = Field(
        default={},
        description='Value of the claim → role, as JSON such as {"lab-admins": "admin", "lab": "technician"}. '
                    "Somebody with several gets the most powerful one.")
    oidc_default_role: Role | None = Field(
        default=None, description="Role of people none of whose claim values is listed; without it they are refused.")

    @property
    def backup_tiers(self) -> dict[str, int]:
        """The tiers of retention that an option decides, by name."""
        return {tier: number for tier in TIERS if (number := getattr(self, f"backup_keep_{tier}")) is not None}

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("backup_recipients")
    @classmethod
    def _public_keys(cls, value: str) -> str:
        from backup_engine.api import BadInput, checked_recipients  # pyrage only where somebody encrypts

        if value.strip() in ("", "none"):
            return value.strip()
        try:
            return ",".join(checked_recipients(value))
        except BadInput as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator("backup_folder", "data_folder")
    @classmethod
    def _from_home(cls, value: Path, info: ValidationInfo) -> Path:
        path = value.expanduser()
        return path if path.is_absolute() else home(info.data.get("home")) / path

    @field_validator("runtime_folder", "backup_signing_key")
    @classmethod
    def _absolute(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return None if value is None else cls._from_home(value, info)

    @field_validator("work_folder")
    @classmethod
    def _in_data_folder(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            return cls._from_home(value, info)
        data = info.data.get("data_folder")  # not there when it was refused
        return data / "work" if data else None


def is_checkout() -> bool:
    """Tell whether this code runs from a checkout; ``app.py`` alone may be anybody's."""
    return (ROOT / "app.py").is_file() and (ROOT / ".streamlit").is_dir()


def home(chosen: Path | None) -> Path:
    """Give the folder in which this installation keeps what is its own: the checkout, or else the chosen one.

    Raises ``BadInput`` when nothing is chosen for an installed copy, or a folder that is relative, missing, or
    beside the code: ``pip uninstall`` and a new virtual environment must not take the backups with them.
    """
    if is_checkout():
        return ROOT
    hint = f"Set {PREFIX}HOME to a folder of its own outside {sys.prefix}, such as /srv/equipment."
    if chosen is None:
        raise BadInput("An installed copy needs a folder for its data, and none is named.", hint=hint)
    path = chosen.expanduser()
    if not path.is_absolute():
        raise BadInput(f"{PREFIX}HOME must be an absolute path, not {chosen}.", hint=hint)
    if not path.is_dir():
        raise BadInput(f"The folder {path} that {PREFIX}HOME names does not exist.", hint="Create or mount it.")
    environment = [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    if any(path.resolve().is_relative_to(place.resolve()) for place in (ROOT, *environment)):
        raise BadInput(f"The folder {path} that {PREFIX}HOME names lies beside the program's code and would be "
                       "removed with it.", hint=hint)
    return path


def option_name(field: str) -> str:
    """Name of a field's option in the environment and in the secrets file."""
    return field.upper() if field in PLAIN else PREFIX + field.upper()


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
    with suppress(BadInput):  # then nothing in that file is in use
        found += _secret_texts(_secrets(_secrets_path(str(settings.home) if settings.home else None)))
    return found


def _secret_texts(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _secret_texts(value)
        elif isinstance(value, str) and re.search("secret|password|token|key|uri$", name, re.I):
            yield value


def not_given(settings: Settings) -> dict[str, str]:
    """Say which options that no backup holds, as they are secrets or this machine's, are not given here: what each is
    for, by its name."""
    return {option_name(field): words for field, words in NOT_IN_BACKUPS.items()
            if getattr(settings, field) == Settings.model_fields[field].default}


def divert_backups() -> None:
    """From now on keep this process's backups in a temporary folder: those of a demo must not mix with real ones."""
    global _current
    folder = Path(tempfile.mkdtemp(prefix="equipment-demo-"))
    places = {"backup_folder": folder, "backup_remote": "", "work_folder": folder.with_name(f"{folder.name}-work")}
    _current = get_settings().model_copy(update=places)


def unknown_options(environment: Mapping[str, str]) -> list[str]:
    """Names in the environment that look like options of ours and are none: most likely misspelt."""
    known = {option_name(field) for field in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


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
