"""The first run: nobody has an account yet, and only who can read the server's console may make the first one.

The set-up code is asked for always. Whether a visitor is "local" cannot be known behind a proxy, so nothing depends on
addresses or forwarded headers.
"""

from __future__ import annotations

import logging
import secrets
import threading
from datetime import timedelta
from typing import Final

from backup_engine.errors import BackupError, BadInput
from equipment.accounts.login import SignInRefused, in_words
from equipment.accounts.passwords import PASSWORDS, Passwords, check_rules
from equipment.logs import console
from equipment.settings import Settings
from equipment.store import activity
from equipment.store.access import SYSTEM, Db, Who
from equipment.store.accounts import attempts, sessions, users
from equipment.store.accounts.tickets import code, code_digest

__all__ = ["announce", "create_administrator", "is_first_run", "lifetimes", "prepare", "setup_code"]

LIMIT: Final = attempts.Limit(free=10)

log = logging.getLogger(__name__)
_lock = threading.Lock()
_code: str | None = None


def prepare(db: Db, settings: Settings) -> None:
    """Create the indexes of all account collections. Repeatable."""
    users.prepare(db)
    sessions.prepare(db)
    attempts.prepare(db)
    activity.prepare(db, retention_days=settings.activity_days)


def announce(db: Db, settings: Settings) -> None:
    """On a first run create the administrator from the environment, or else print the set-up code on the console."""
    if not is_first_run(db):
        return
    if settings.admin_user and settings.admin_password is not None:
        try:
            _create(db, settings.admin_user, settings.admin_password.get_secret_value(), SYSTEM, PASSWORDS)
        except BackupError as error:
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

    Raises ``SignInRefused`` for a wrong code or when somebody was faster, ``BadInput`` for a name or password that
    cannot be.
    """
    wait = attempts.admit(db, "setup", LIMIT)
    if wait:
        raise SignInRefused(f"Too many attempts. Wait {in_words(wait)} and try again.")
    if not secrets.compare_digest(code_digest(typed_code), code_digest(setup_code())):
        raise SignInRefused("The set-up code is not right. It is printed on the console of the server.")
    with _lock:
        if not is_first_run(db):  # two browsers may send the code at once
            raise SignInRefused("The administrator has just been created. Sign in.")
        _create(db, name, password, Who("system:setup", name.strip()[:64], address), passwords)
    attempts.forgive(db, "setup")


def lifetimes(settings: Settings) -> sessions.Lifetimes:
    """Give the configured lengths of a sign-in."""
    return sessions.Lifetimes(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))


def _create(db: Db, name: str, password: str, who: Who, passwords: Passwords) -> None:
    check_rules(password, name)
    document = users.new_document(name, "admin", "active", by=who.name)
    if not is_first_run(db):
        raise BadInput("There is an account already.")
    users.insert(db, document | {"password": passwords.hash(password)})
    after = {"name": document["name"], "role": "admin"}
    activity.record(db, who, "user.create", f"user:{document['_id']}", after=after)
