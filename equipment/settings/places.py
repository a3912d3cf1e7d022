"""Where an installation keeps what is its own: the folder of the code, or the one that an installed copy is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from backup_engine.errors import BadInput

__all__ = ["PREFIX", "ROOT", "FromHome", "from_home", "home", "is_checkout"]

ROOT = Path(__file__).resolve().parent.parent.parent
"""The folder of the code: a checkout, with ``app.py``, or where pip put an installed copy."""

PREFIX = "EQUIPMENT_"


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


def from_home(value: Path, info: ValidationInfo) -> Path:
    """Give the path that an option names; a relative one starts at ``home``. Raises ``BadInput`` as that does."""
    path = value.expanduser()
    return path if path.is_absolute() else home(info.data.get("home")) / path


FromHome = Annotated[Path, AfterValidator(from_home)]
"""A path; a relative one starts at ``home``, which must be a field above."""
