"""The first run: nobody has an account yet, and only who can read the server's console may make the first one.

The set-up code is asked for always. Whether a visitor is "local" cannot be known behind a proxy, so nothing depends on
addresses or forwarded headers.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from backup_engine.errors import BackupError, BadInput, RestoreStopped
from equipment.accounts.login import SignInRefused, hash_of, in_words
from equipment.accounts.passwords import PASSWORDS, Passwords, check_rules
from equipment.logs import console
from equipment.settings import Settings
from equipment.store import activity
from equipment.store.access import SYSTEM, Db, Who
from equipment.store.accounts import attempts, calendar_links, password_links, sessions, tokens, users
from equipment.store.accounts.tickets import code, code_digest

__all__ = ["Pass", "admit", "announce", "create_administrator", "is_first_run", "lifetimes", "prepare", "require",
           "reserved", "setup_code"]

LIMIT: Final = attempts.Limit(free=10)

log = logging.getLogger(__name__)
_lock = threading.Lock()
_code: str | None = None
_reserved = False


@dataclass(frozen=True)
class Pass:
    """What a visitor holds who has typed the set-up code: its digest, so that every further step can ask again."""

    digest: str = field(repr=False)


def prepare(db: Db, settings: Settings) -> None:
    """Create the indexes of all account collections. Repeatable."""
    users.prepare(db)
    sessions.prepare(db)
    attempts.prepare(db)
    password_links.prepare(db)
    calendar_links.prepare(db)
    tokens.prepare(db)
    activity.prepare(db, retention_days=settings.activity_days)


def announce(db: Db, settings: Settings) -> None:
    """On a first run create the administrator from the environment, or else print the set-up code on the console."""
    if not is_first_run(db):
        return
    if settings.admin_user and settings.admin_password is not None:
        try:
            _create(db, settings.admin_user, settings.admin_password.get_secret_value(), SYSTEM, PASSWORDS)
        except (BackupError, SignInRefused) as error:
            log.error("EQUIPMENT_ADMIN_USER and EQUIPMENT_ADMIN_PASSWORD were not used: %s", error)
        else:
            log.info("administrator %s created; remove EQUIPMENT_ADMIN_PASSWORD now", settings.admin_user)
            return
    console.say(f"First run: open the app and create the administrator with this set-up code: {setup_code()}")


def is_first_run(db: Db) -> bool:
    """Tell whether nobody has an account yet."""
    return not users.exist(db)


def setup_code() -> str:
    """Give this process's set-up code; it is made once and only ever shown on the console."""
    global _code
    with _lock:
        if _code is None:
            _code = code(3)
        return _code


def create_administrator(
    db: Db, typed_code: str, name: str, password: str, *, address: str = "local", passwords: Passwords = PASSWORDS
) -> None:
    """Create the first account with the set-up code.

    Raises ``SignInRefused`` for a wrong code, when somebody was faster or when too many passwords are being hashed,
    ``BadInput`` for a name or password that cannot be.
    """
    _check(db, typed_code)
    with _lock:
        if _reserved:
            raise SignInRefused("A recovery from a backup is running; it brings the accounts. Wait until it is over.")
        if not is_first_run(db):  # two browsers may send the code at once
            raise SignInRefused("The administrator has just been created. Sign in.")
        try:
            _create(db, name, password, Who("system:setup", name.strip()[:64], address), passwords)
        except SignInRefused:
            attempts.take_back(db, "setup")  # the code was right
            raise
    attempts.forgive(db, "setup")


def admit(db: Db, typed_code: str) -> Pass:
    """Look at the set-up code and at nothing else. Raises ``SignInRefused`` as ``create_administrator`` does."""
    _check(db, typed_code)
    if not is_first_run(db):
        raise SignInRefused("There is an account already. Sign in.")
    attempts.forgive(db, "setup")
    return Pass(code_digest(typed_code))


def require(shown: object, db: Db | None = None) -> None:
    """Go on only with a pass of this process's set-up code; with a database, only while nobody has an account in it.

    Raises ``SignInRefused``.
    """
    right = isinstance(shown, Pass) and secrets.compare_digest(shown.digest, code_digest(setup_code()))
    if not right:
        raise SignInRefused("Type the set-up code first. It is on the console of the server, or in its log.")
    if db is not None and not is_first_run(db):
        raise SignInRefused("There is an account already. Sign in.")


@contextmanager
def reserved(db: Db) -> Iterator[None]:
    """Keep the first run for a recovery: until it is over no administrator is created by this process.

    Raises ``RestoreStopped`` when somebody has an account already, or another recovery has it.
    """
    global _reserved
    with _lock:
        if _reserved or not is_first_run(db):
            raise RestoreStopped("somebody has created an account meanwhile" if not _reserved else
                                 "another recovery is running", hint="Reload the page.")
        _reserved = True
    try:
        yield
    finally:
        with _lock:
            _reserved = False


def lifetimes(settings: Settings) -> sessions.Lifetimes:
    """Give the configured lengths of a sign-in."""
    return sessions.Lifetimes(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))


def _check(db: Db, typed_code: str) -> None:
    wait = attempts.admit(db, "setup", LIMIT)
    if wait:
        raise SignInRefused(f"Too many attempts. Wait {in_words(wait)} and try again.")
    if not secrets.compare_digest(code_digest(typed_code), code_digest(setup_code())):
        raise SignInRefused("The set-up code is not right. It is on the console of the server, or in its log.")


def _create(db: Db, name: str, password: str, who: Who, passwords: Passwords) -> None:
    check_rules(password, name)
    document = users.new_document(name, "admin", "active", by=who.name)
    if not is_first_run(db):
        raise BadInput("There is an account already.")
    users.insert(db, document | {"password": hash_of(passwords, password)})
    after = {"name": document["name"], "role": "admin"}
    activity.record(db, who, "user.create", f"user:{document['_id']}", after=after)
