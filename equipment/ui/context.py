"""What every screen is handed: the installation, the database, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from backup_engine.model import Room
from equipment import data_disk
from equipment.domain.roles import CHANGES_THE_LIST
from equipment.server.database import can_write
from equipment.settings import Settings
from equipment.store import access, moments
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
        """Whether the server or its user refuses changes, or the disk has no room for them."""
        return self.short_of_room or not can_write(self.database)

    def refuses(self, action: str) -> bool:
        """Whether the action would change the list while that takes no changes; for drawing, too."""
        return action in CHANGES_THE_LIST and self.read_only

    @property
    def room(self) -> Room | None:
        """How the disk of the data folder stands now; None where MongoDB is elsewhere."""
        return None if self.demo else data_disk.look(self.settings)

    @property
    def short_of_room(self) -> bool:
        """Whether the list is read-only because that disk is nearly full."""
        room = self.room
        return room is not None and room.short

    def may(self, action: str) -> bool:
        """Whether the role read at the start of this rerun allows the action; for drawing, as writers check again."""
        return self.account.may(action)

    def proved_lately(self) -> bool:
        """Whether the person has proved who they are within the last minutes, by the database as it is now."""
        account = access.identify(self.database, self.who)
        return account is not None and account.proved_lately(moments.now())

    def current_user(self) -> tuple[str, str]:
        """Name and role as the database has them now; raises ``AdminOnly`` when the session has ended meanwhile."""
        account = access.require(self.database, self.who, "records.read")
        return account.name, account.role
