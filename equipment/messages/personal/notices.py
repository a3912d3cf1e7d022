"""Telling the owner of an account what was changed in it, by mail, where there is a mail server."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from equipment.domain.person import stored_person
from equipment.messages.personal import letters
from equipment.messages.personal.post import Letter, Post, running
from equipment.messages.wording import Message
from equipment.store import moments
from equipment.store.access import USERS, Db

__all__ = ["email_changed", "factor_reset", "password_changed", "password_reset"]

log = logging.getLogger(__name__)


def password_changed(db: Db, key: str, address: str, *, by_link: bool = False) -> None:
    """Tell the account's e-mail that its password was changed, from that network address."""
    at = moments.now()
    _tell(db, key, lambda public, name: letters.password_changed(public, name, at, address, by_link=by_link))


def password_reset(db: Db, key: str) -> None:
    """Tell the account's e-mail that an administrator replaced its password by a one-time code."""
    at = moments.now()
    _tell(db, key, lambda public, name: letters.password_reset(public, name, at))


def factor_reset(db: Db, key: str) -> None:
    """Tell the account's e-mail that an administrator took its second factor away."""
    at = moments.now()
    _tell(db, key, lambda public, name: letters.factor_reset(public, name, at))


def email_changed(name: str, before: str) -> None:
    """Tell the address that was an account's until now; nothing for one that had none."""
    at: datetime = moments.now()
    if before:
        _hand_over(lambda post: [Letter(before, letters.email_changed(post.address, name, at))])


def _tell(db: Db, key: str, words: Callable[[str, str], Message]) -> None:
    """Write to the e-mail that is stored with the account; nothing where there is none."""

    def write(post: Post) -> list[Letter]:
        user = db[USERS].find_one({"_id": key}) or {}
        to, name = stored_person(user).email, str(user.get("name", key))
        return [Letter(to, words(post.address, name))] if to else []

    _hand_over(write)


def _hand_over(write: Callable[[Post], list[Letter]]) -> None:
    post = running()
    if post is not None and not post.hand_over(lambda: write(post)):
        log.warning("a mail about an account was not sent: too many wait")
