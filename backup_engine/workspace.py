"""What every verb works with: which collections, which storage, which database, which clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pymongo.database import Database

from backup_engine.model import APPLICATION, Application, Clock, Room, Source
from backup_engine.runs import Runs

if TYPE_CHECKING:  # a word may name what lies in rooms above it, but must not load it
    from backup_engine.csv_format.seal import Seal
    from backup_engine.deeds import Deed
    from backup_engine.keys.choice import Choice
    from backup_engine.keys.signing import Signer
    from backup_engine.ownership.owner import Owner
    from backup_engine.repository.catalog import Catalog
    from backup_engine.storage.base import Storage


@dataclass
class Remembered:
    """What this process last heard from the database; shared by the verbs of a workspace."""

    owner: Owner | None = None
    unheard: str = ""
    """Why the database could not be asked last time; whoever looks every few seconds says it once."""
    choice: Choice | None = None
    tiers: dict[str, int] | None = None
    """What is stored of the tiers of retention (``keep``)."""
    untold: list[str] = field(default_factory=list)
    """Why the last deeds could not be told, for the answer at hand."""
    followed: dict[str, Any] = field(default_factory=dict)
    """What was touched since which set, by ``backup_id`` (``making.following``)."""
    following: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Annex:
    """Where the application's own data is saved, and what that is."""

    about: Application
    storage: Storage
    catalog: Catalog


@dataclass(frozen=True)
class Workspace:
    """One installation as the engine sees it. Built once by ``api`` and handed to every verb."""

    sources: tuple[Source, ...]
    storage: Storage
    catalog: Catalog
    connect: Callable[[], Database[dict[str, Any]]]
    """Gives the database after a quick ping; raises ``DatabaseUnreachable``."""
    clock: Clock
    seal: Seal
    """How files are stored as far as that was ``said``, and the keys at hand to open them."""
    said: frozenset[str] = frozenset({"compression", "recipients"})
    """Which of the two the seal decides; for the other one counts what is stored in the database (``keys.choice``)."""
    key_place: Storage | None = None
    """Where keys of safety sets lie; None for ``.state``."""
    signer: Signer | None = None
    """Signs the metadata of a set that is about to be committed."""
    signed_by: str = ""
    """Public key whose signature every set must bear that is verified; empty where nobody asked."""
    keep_days: int = 7
    tiers: Mapping[str, int] = field(default_factory=dict)
    """The tiers of retention that were said, by name; about the others what is stored decides (``keep``)."""
    schedules: Mapping[str, str] = field(default_factory=dict)
    """The schedules that were said (``scheduling.preferences``); about the others what is stored decides."""
    workers: int | None = None
    """Worker processes for encoding; ``None`` chooses by cores and size."""
    database_name: str = ""
    """What the database is called, for when it cannot be asked."""
    tell: Callable[[Deed], None] | None = None
    """Hears of everything that was done; raises ``BackupError`` where it cannot keep it."""
    remotes: Mapping[str, str] = field(default_factory=dict)
    """Places off this machine that the installation names: address by name. More stand in the database."""
    room: Callable[[], Room | None] | None = None
    """Tells of the disk under the database; None, as without it, where that cannot be seen from here."""
    remembered: Remembered = field(default_factory=Remembered, compare=False)
    runs: Runs = field(default_factory=Runs, compare=False)
    """How long this process's verbs took; shared like what is remembered."""
    annex: Annex | None = None
    """The application's own data; None for an engine that saves lists alone."""
    role: str = ""
    """``application`` where the sets are of that data."""

    @property
    def application(self) -> Workspace | None:
        """The same installation over the application's own data: same database, clock and seal, sets of its own."""
        if self.annex is None:
            return None
        return replace(self, sources=self.annex.about.sources, storage=self.annex.storage, catalog=self.annex.catalog,
                       role=APPLICATION, annex=None, key_place=self.key_place or self.storage)

    def look_at_room(self) -> Room | None:
        """How the disk under the database stands, where that can be seen."""
        return self.room() if self.room is not None else None

    def source(self, key: str) -> Source:
        """The source of that key; raises ``KeyError``."""
        return next(source for source in self.sources if source.key == key)
