"""One installation whose messages arrive in lists, on a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api
from backup_engine.errors import DatabaseUnreachable
from backup_engine.model import Room
from equipment.messages import messenger as module
from equipment.messages.channels import Channel
from equipment.messages.choices import Choices
from equipment.messages.deadline import Talks
from equipment.messages.messenger import Messenger
from equipment.messages.wording import Message, Sender
from equipment.settings import Settings
from equipment.store.activity import ACTIVITY

Db = Database[dict[str, Any]]
START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@dataclass
class Place:
    """The installation: what a test turns, breaks and reads."""

    database: Db
    folder: Path
    now: datetime = START
    down: bool = False
    full: bool = False
    leads: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    """Why a channel takes nothing now."""
    got: list[tuple[str, Message]] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=lambda: {"mail": "info", "chat": "error"})

    def __post_init__(self) -> None:
        engine = api.DatabaseBackupRestore(connect=self.connect, backup_folder=str(self.folder / "sets"),
                                           clock=lambda: self.now)
        room = self.room
        self.workspace = replace(engine.workspace, room=room)
        self.settings = Settings(data_folder=self.folder / "data", backup_folder=self.folder / "sets", min_free_mb=0,
                                 public_url="https://example.org/lab")
        self.scheduler = api.Scheduler(self.workspace, api.Preferences(drill_every_days=0))
        self.messenger = self.another()

    def another(self) -> Messenger:
        """A messenger as after a restart."""
        return Messenger(self.settings, self.scheduler, leads=lambda: self.leads, clock=lambda: self.now,
                         talks=Talks(5))

    def connect(self) -> Db:
        if self.down:
            raise DatabaseUnreachable("host: no answer")
        return self.database

    def room(self) -> Room:
        return Room("data", 100_000_000 if self.full else 900_000_000, 500_000_000)

    def look(self, minutes: float = 0) -> list[str]:
        """Let time pass and look; gives what arrived, ``channel: subject``."""
        self.now += timedelta(minutes=minutes)
        before = len(self.got)
        self.messenger.tick()
        return [f"{name}: {message.subject.removeprefix('[L] ')}" for name, message in self.got[before:]]

    def backup(self) -> None:
        assert self.scheduler.check().result == "created"

    def note(self, action: str, note: str = "", who: str = "ada") -> None:
        """Write into Activity at the moment of the clock."""
        self.database[ACTIVITY].insert_one({"at": self.now, "who": who, "action": action, "target": "", "note": note})

    def ways(self, settings: Settings, choices: Choices) -> Mapping[str, Channel]:
        return {name: Channel(name, name, least, self._sender(name))  # type: ignore[arg-type] # one of the severities
                for name, least in self.channels.items()}

    def _sender(self, name: str) -> Any:
        def send(message: Message) -> str:
            if not (problem := self.answers.get(name, "")):
                self.got.append((name, message))
            return problem

        return send


def build(database: Db, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Make one."""
    made = Place(database, folder)
    patch.setattr(module, "channels", made.ways)
    patch.setattr(module, "sender_of", lambda settings: Sender("L", settings.public_url))
    yield made
