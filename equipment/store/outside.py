"""Deeds done outside the app, by the command line or from Python: they stand in the activity log like all others."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from pymongo.errors import OperationFailure, PyMongoError

from backup_engine.api import Deed, system_user
from backup_engine.errors import DatabaseUnreachable, PermissionDenied
from equipment.store import activity
from equipment.store.access import SYSTEM_PREFIX, Db, Who

__all__ = ["actor", "teller"]

UNAUTHORIZED: Final = 13


def actor() -> str:
    """Name who runs this process: the system's user and the host."""
    user = system_user() or "somebody"
    return f"{user}@{socket.gethostname()}"


def teller(connect: Callable[[], Db]) -> Callable[[Deed], None]:
    """Give what writes a deed into the activity log.

    It raises ``DatabaseUnreachable`` or ``PermissionDenied`` where that cannot be written.
    """

    def tell(deed: Deed) -> None:
        who = Who(f"{SYSTEM_PREFIX}outside", actor())
        try:
            activity.record(connect(), who, deed.action, deed.target, note=deed.note)
        except OperationFailure as problem:
            if problem.code == UNAUTHORIZED:
                raise PermissionDenied("the database user may not write there") from problem
            raise DatabaseUnreachable(f"MongoDB refused: {problem.code}") from problem
        except PyMongoError as problem:
            raise DatabaseUnreachable(type(problem).__name__) from problem

    return tell
