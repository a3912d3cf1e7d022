"""Secrets by reference: from the environment, from a private file, or from nowhere. They are never written anywhere."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from backup_engine.errors import BadInput
from backup_engine.remotes.address import Address

__all__ = ["of", "wanted"]

PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE_STORAGE", "sftp": "SFTP"}
NAMES = {
    "s3": ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"),
    "gs": ("SERVICE_ACCOUNT_KEY", "SERVICE_ACCOUNT"),
    "az": ("ACCOUNT_NAME", "ACCOUNT_KEY", "SAS_TOKEN"),
    "sftp": ("PASSWORD", "PRIVATE_KEY_FILE", "PASSPHRASE"),
}
"""What each kind looks for, after its prefix and ``_`` in the environment, by itself in a file."""
OTHERS = 0o077


def of(address: Address, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the secrets an address refers to, by the names above; empty for ``instance-role`` and ``none``.

    Raises ``BadInput`` naming what is missing, never what is there.
    """
    if address.kind == "file":
        return {}
    where = address.options.get("credentials", "env")
    if where in ("instance-role", "none"):
        return {}
    names = NAMES[address.kind]
    if where.startswith("file:"):
        said = _from_file(Path(where.removeprefix("file:")))
        found = {name: str(said[name]) for name in names if said.get(name)}
    else:
        given = os.environ if environment is None else environment
        prefix = where.removeprefix("env").removeprefix(":") or PREFIXES[address.kind]
        found = {name: given[f"{prefix}_{name}"] for name in names if given.get(f"{prefix}_{name}")}
        names = tuple(f"{prefix}_{name}" for name in names)
    enough = {"s3": {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY"} <= found.keys(),
              "az": "ACCOUNT_NAME" in found and len(found) > 1}
    if not enough.get(address.kind, bool(found)):
        raise BadInput(f"There is no login for {address.shown}: {', '.join(names)} say nothing.",
                       hint="Set them in the environment, or name a private file: credentials=file:/PATH")
    return found


def wanted(address: Address) -> str:
    """Say where the login of an address is looked for, for people; empty where there is none."""
    if address.kind == "file":
        return ""
    where, names = address.options.get("credentials", "env"), NAMES[address.kind]
    if where in ("instance-role", "none"):
        return ""
    if where.startswith("file:"):
        return f"{', '.join(names)} in the private file {where.removeprefix('file:')}"
    prefix = where.removeprefix("env").removeprefix(":") or PREFIXES[address.kind]
    return f"{', '.join(f'{prefix}_{name}' for name in names)} in the environment"


def _from_file(path: Path) -> dict[str, object]:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadInput(f"{path} is no file.")
            if os.name != "nt" and status.st_uid not in (0, os.geteuid()):  # Windows has no owners' numbers
                raise BadInput(f"The file of credentials {path} belongs to somebody else.")
            if os.name != "nt" and status.st_mode & OTHERS:
                raise BadInput(f"The file of credentials {path} is open to others.", hint=f"chmod 600 {path}")
            return tomllib.loads(file.read(1 << 20).decode("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"The file of credentials {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise BadInput(f"The file of credentials {path} is no TOML: NAME = \"value\", one a line.") from None
