"""People for tests: an account with a live session, without going through the sign-in form."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from equipment.domain.roles import Role
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Who


def signed_in(database: Database[dict[str, Any]], role: Role = "admin", name: str | None = None) -> Who:
    """Give somebody of that role with an account and a session in *database*."""
    name = name or f"some {role}"
    now = moments.now()
    later = now + timedelta(hours=1)
    session = hashlib.sha256(f"session of {name}".encode()).hexdigest()
    database[USERS].insert_one({"_id": name, "name": name, "role": role, "state": "active", "epoch": 0})
    database[SESSIONS].insert_one(
        {"_id": session, "user": name, "epoch": 0, "created": now, "seen": now, "until": later, "idle_until": later}
    )
    return Who(session, name, "192.0.2.1")
