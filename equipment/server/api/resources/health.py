"""How the server is, and who is asking."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

from equipment import __version__
from equipment.server import health
from equipment.server.api.operation import Answer, Asked, Operation

__all__ = ["OPERATIONS"]


class Health(BaseModel):
    """How the server is."""

    status: str = Field(description="ok or degraded")
    code: str = Field(description="OK, Demo, or the code of an error")
    version: str


class Me(BaseModel):
    """Who acts with this token, and what it may do now."""

    account: str
    name: str
    token: str
    role: str = Field(description="That of the token or of its account, whichever is less")
    scope: str


def _health(_asked: Asked) -> Answer:
    healthy, code = health.now()
    return Answer({"status": "ok" if healthy else "degraded", "code": code, "version": __version__})


def _me(asked: Asked) -> Answer:
    account = asked.account
    return Answer({"account": account.key, "name": account.name, "token": account.token, "role": account.role,
                   "scope": "read" if account.only_reads else "write"})


OPERATIONS: Final = (
    Operation("GET", "/health", "getHealth", "How the server is", "records.read", _health, {200: Health}),
    Operation("GET", "/me", "getMe", "Who acts with this token", "records.read", _me, {200: Me}),
)
