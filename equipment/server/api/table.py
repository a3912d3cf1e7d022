"""All operations there are: those of every file in ``resources``."""

from __future__ import annotations

import functools
from importlib import import_module
from pkgutil import iter_modules

from equipment.server.api import resources
from equipment.server.api.operation import Operation

__all__ = ["operations"]


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Give them in the order of the files' names; a new file needs no other line anywhere."""
    names = sorted(module.name for module in iter_modules(resources.__path__))
    return tuple(operation for name in names
                 for operation in import_module(f"{resources.__name__}.{name}").OPERATIONS)
