"""Who asks: the token of the ``Authorization`` header, and nothing else. Cookies are never looked at."""

from __future__ import annotations

from typing import Final

from backup_engine.errors import PermissionDenied
from equipment.server.api.problems import Problem
from equipment.store.access import Account, Db, Who, identify, require
from equipment.store.accounts import tokens

__all__ = ["REALM", "bearer", "let_in"]

REALM: Final = 'Bearer realm="equipment"'


def bearer(header: str) -> str:
    """Give the token of a header. Raises a ``Problem`` of 401 without one."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Problem(401, "TokenNeeded", "A token is needed.",
                      hint="Send Authorization: Bearer eq_…; tokens are made under one's name in the app.",
                      headers={"WWW-Authenticate": REALM})
    return text.strip()


def let_in(db: Db, text: str, address: str, action: str) -> tuple[Who, Account]:
    """Give who acts with a token when that may do the action now.

    Raises a ``Problem`` of 401 for a token that is none or has ended, and of 403 for what it may not.
    """
    who = tokens.of_text(db, text, address)
    if who is None:
        raise _ended()
    try:
        return who, require(db, who, action)
    except PermissionDenied as error:
        account = identify(db, who)
        if account is None:
            raise _ended() from error
        more = {"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'} if account.only_reads else {}
        raise Problem(403, error.code, error.message, hint=error.hint, headers=more) from error


def _ended() -> Problem:
    return Problem(401, "TokenEnded", "The token is wrong or has ended.", hint="Make another one in the app.",
                   headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})
