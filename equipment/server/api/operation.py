"""One thing a program can ask for: the row of the table from which routes, checks and the OpenAPI file are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from equipment import backups
from equipment.caller import Caller
from equipment.settings import Settings
from equipment.store import access
from equipment.store.access import Account, Db, Who

__all__ = ["FILE", "Answer", "Asked", "Body", "Connect", "Operation", "Parameter"]

FILE: Final = "application/octet-stream"
"""What a file is sent as, whatever it is: no program needs more, and a browser runs nothing of it."""
Connect = Callable[[], Db]
Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Body(BaseModel):
    """What a program sends: what is not known is refused, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Parameter:
    """A parameter of the address or a header. Those of a path are found in it."""

    name: str
    about: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    where: Literal["query", "header"] = "query"
    required: bool = False


@dataclass(frozen=True)
class Asked:
    """One request, as what answers it sees it."""

    db: Db
    who: Who
    account: Account
    settings: Settings
    connect: Connect
    base: str
    """The path of the API on this server, with its prefix."""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    upload: IO[bytes] | None = None
    """The bytes that came, of an operation that takes a file."""

    def one(self, name: str, usual: str = "") -> str:
        """Give a parameter of the address that is there once."""
        return next(iter(self.query.get(name, ())), usual)

    def backups(self) -> tuple[backups.Backups, Caller]:
        """Give what the screens of backups work with, and who asks."""
        caller = Caller(self.who.name, lambda action: access.require(self.db, self.who, action), self.who)
        return backups.of(self.settings, self.connect), caller


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Iterator[bytes] | None = None
    """The bytes of a file, in place of a body."""


@dataclass(frozen=True)
class Operation:
    """A method at a path below ``/api/v1``. ``action`` is the right that is needed before anything else is looked at;
    the functions of the store ask for theirs as well."""

    method: Method
    path: str
    name: str
    """How generated clients call it."""
    summary: str
    action: str
    handle: Callable[[Asked], Answer]
    answers: Mapping[int, type[BaseModel] | None]
    problems: tuple[int, ...] = ()
    """Statuses of errors besides those that every operation has."""
    body: type[Body] | None = None
    parameters: tuple[Parameter, ...] = ()
    column_filters: bool = False
    """Whether parameters such as ``is.Vendor`` filter columns, whose names nobody knows beforehand."""
    about: str = ""
    takes_file: bool = False
    """Whether the body is the bytes of a file, of any type."""
    gives_file: bool = False
    """Whether the answer is the bytes of a file."""
