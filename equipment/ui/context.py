"""What every screen is handed: the installation, the database, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from equipment.server.database import can_write
from equipment.settings import Settings
from equipment.store import access
from equipment.store.access import Account, Who

__all__ = ["App"]


@dataclass(frozen=True)
class App:
    """One visitor's view of the application during one rerun."""

    settings: Settings
    database: Database[dict[str, Any]]
    who: Who
    account: Account
    demo: bool = False
    """Whether the data is only in memory and will be gone."""

    @property
    def read_only(self) -> bool:
        """Whether the server or its user refuses changes."""
        return not can_write(self.database)

    def may(self, action: str) -> bool:
        """Whether the role read at the start of this rerun allows the action; for drawing, as writers check again."""
        return self.account.may(action)

    def current_user(self) -> tuple[str, str]:
        """Name and role as the database has them now; raises ``AdminOnly`` when the session has ended meanwhile."""
        account = access.require(self.database, self.who, "records.read")
        return account.name, account.role
