"""Signing in and out, changing one's own password: the rules, without any screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backup_engine.errors import BadInput
from equipment.accounts.passwords import LONGEST, PASSWORDS, Passwords, TooManyAtOnce, check_rules
from equipment.domain.agents import browser_of
from equipment.domain.names import name_key
from equipment.store import activity, moments
from equipment.store.access import Account, Db, Who, identify
from equipment.store.accounts import attempts, credentials, factors, sessions
from equipment.store.accounts.credentials import Credentials
from equipment.store.accounts.sessions import USUAL, Lifetimes

__all__ = ["REFUSED", "HalfWay", "SecondFactorNeeded", "SignInRefused", "Visitor", "change_password", "hash_of",
           "in_words", "open_for", "prove", "sign_in", "sign_out", "with_code"]

REFUSED: Final = "Sign-in failed. Check the name and the password."
NOT_THE_CODE: Final = "That is not the code, or it was used already. Wait for the next one, or type a recovery code."
HALF_WAY: Final = timedelta(minutes=5)
"""Between the password and the code: who went to look for the phone types the password again."""


class SignInRefused(Exception):
    """Nobody was signed in; the message is for the person, and the same for an unknown name and a wrong password."""


@dataclass(frozen=True)
class HalfWay:
    """An account whose password was right and whose code is still to come. It stays on the server."""

    key: str
    epoch: int
    until: datetime


class SecondFactorNeeded(Exception):
    """The password was right; ``with_code`` takes what is *half_way* the rest of it."""

    def __init__(self, half_way: HalfWay) -> None:
        super().__init__("the code of the second factor is still to come")
        self.half_way = half_way


@dataclass(frozen=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str = "local"
    agent: str = ""


def sign_in(
    db: Db, name: str, password: str, visitor: Visitor, *,
    passwords: Passwords = PASSWORDS, lifetimes: Lifetimes = USUAL, now: datetime | None = None,
) -> tuple[Who, Account]:
    """Open a session for whoever knows *name* and *password* (or the one-time code).

    Raises ``SignInRefused``, and ``SecondFactorNeeded`` for an account that has one. A known and an unknown name cost
    the same work and get the same words, locked or not.
    """
    now = now or moments.now()
    key = name_key(name)
    _wait_or_refuse(db, key, visitor, now)
    known = credentials.of_name(db, name)
    try:
        proved = _proves(db, known, password, passwords, now)
    except TooManyAtOnce as busy:
        # Not looked at, so not counted: else a flood from elsewhere would lock out whoever came in its midst.
        attempts.take_back(db, attempts.subject_at(db, key, visitor.address, now=now))
        attempts.take_back(db, attempts.address_subject(visitor.address))
        raise _sent_away(busy) from None
    if not proved or known is None or known.state == "disabled":
        _log_failure(db, known, visitor)
        raise SignInRefused(REFUSED)
    if known.account.has_factor and known.state == "active":
        # Nothing is forgiven before the code: else who has the password could guess codes without end.
        raise SecondFactorNeeded(HalfWay(known.account.key, known.epoch, now + HALF_WAY))
    _forgive(db, key, visitor, now)
    _refuse_if_not_admitted(known)  # after the proof: the state is for whoever knows the password
    return open_for(db, known.account.key, visitor, lifetimes=lifetimes, now=now)


def with_code(
    db: Db, half_way: HalfWay, typed: str, visitor: Visitor, *, lifetimes: Lifetimes = USUAL,
    now: datetime | None = None,
) -> tuple[Who, Account]:
    """Open a session for whoever has the code of the app, or a recovery code, as well.

    Raises ``SignInRefused``; a wrong code counts as a wrong password does.
    """
    now, key = now or moments.now(), half_way.key
    if now > half_way.until:
        raise SignInRefused("The password was typed more than five minutes ago. Sign in again.")
    _wait_or_refuse(db, key, visitor, now)
    known = credentials.of_key(db, key)
    if known is None or known.epoch != half_way.epoch:
        raise SignInRefused(REFUSED)
    if known.account.has_factor and not factors.use(db, Who("", known.account.name, visitor.address), key, typed,
                                                    now=now):
        _log_failure(db, known, visitor)
        raise SignInRefused(NOT_THE_CODE)
    _forgive(db, key, visitor, now)
    return open_for(db, key, visitor, lifetimes=lifetimes, now=now)


def open_for(
    db: Db, key: str, visitor: Visitor, *, lifetimes: Lifetimes = USUAL, proved: datetime | None = None,
    now: datetime | None = None,
) -> tuple[Who, Account]:
    """Open a session for an account that has proved itself, at the moment *proved* if not now.

    Raises ``SignInRefused`` when the account is not active.
    """
    known = credentials.of_key(db, key)
    if known is None or known.state != "active":
        raise SignInRefused(REFUSED)
    account = known.account
    session = sessions.open_session(
        db, account, known.epoch, address=visitor.address, agent=visitor.agent, lifetimes=lifetimes,
        proved=proved, now=now
    )
    credentials.visited(db, key, now=now)
    who = Who(session, account.name, visitor.address)
    activity.record(db, who, "sign_in", f"user:{key}", note=browser_of(visitor.agent))
    return who, account


def sign_out(db: Db, who: Who) -> None:
    """End the session now, whatever the browser still holds."""
    account = identify(db, who)
    sessions.end(db, who.session)
    if account is not None:
        activity.record(db, who, "sign_out", f"user:{account.key}")


def change_password(
    db: Db, who: Who, current: str | None, new: str, *, passwords: Passwords = PASSWORDS, now: datetime | None = None
) -> Account:
    """Give the person behind *who* a new password and end their other sessions; gives the account.

    *current* may be None only when a new password is due. Raises ``BadInput`` for a password that cannot be taken and
    ``SignInRefused`` when *current* is wrong.
    """
    account = identify(db, who, now=now)
    if account is None:
        raise SignInRefused("You are no longer signed in. Sign in again.")
    if not account.local:
        raise BadInput("Your password is kept by the identity provider.")
    if not account.must_change_password:
        _confirm_current(db, who, account, current or "", passwords, now or moments.now())
    check_rules(new, account.name)
    if new == current:
        raise BadInput("The new password is the old one.")
    credentials.set_password(db, account.key, hash_of(passwords, new))
    sessions.end_all(db, account.key, but=who.session, now=now)
    activity.record(db, who, "user.password", f"user:{account.key}")
    return account


def prove(
    db: Db, who: Who, password: str, code: str = "", *, passwords: Passwords = PASSWORDS, now: datetime | None = None
) -> None:
    """Take the password once more, and the code where there is one, so that for ten minutes this session may do what
    asks for it.

    Raises ``SignInRefused`` when the session has ended, the password is wrong (counted like a failed sign-in) or the
    account has none here.
    """
    now = now or moments.now()
    account = identify(db, who, now=now)
    if account is None:
        raise SignInRefused("You are no longer signed in. Sign in again.")
    if not account.local:
        raise SignInRefused("Your password is kept by the identity provider. Sign in there again.")
    _confirm_current(db, who, account, password, passwords, now, code if account.has_factor else None)
    sessions.prove(db, who.session, now)
    activity.record(db, who, "sign_in.confirmed", f"user:{account.key}")


def in_words(wait: timedelta) -> str:
    """Say a waiting time."""
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


def hash_of(passwords: Passwords, password: str) -> str:
    """Hash a new password; raises ``SignInRefused`` in place of ``TooManyAtOnce``, in words for whoever typed it."""
    try:
        return passwords.hash(password)
    except TooManyAtOnce as busy:
        raise _sent_away(busy) from None


def _sent_away(busy: TooManyAtOnce) -> SignInRefused:
    return SignInRefused(f"{busy.opening}. {busy.hint}")


def _forgive(db: Db, key: str, visitor: Visitor, now: datetime) -> None:
    attempts.forgive(db, attempts.subject_at(db, key, visitor.address, now=now))
    attempts.remember_place(db, key, visitor.address, now=now)
    # Only this attempt: who guesses other names from there must not begin anew with every sign-in of their own.
    attempts.take_back(db, attempts.address_subject(visitor.address))


def _wait_or_refuse(db: Db, key: str, visitor: Visitor, now: datetime) -> None:
    address = attempts.address_subject(visitor.address)
    wait = attempts.admit(db, address, attempts.PER_ADDRESS, now=now)
    if not wait:
        subject = attempts.subject_at(db, key, visitor.address, now=now)
        wait = attempts.admit(db, subject, attempts.PER_ACCOUNT, now=now)
        if wait:
            attempts.take_back(db, address)  # no password was looked at
    if wait:
        raise SignInRefused(f"Too many failed sign-ins. Wait {in_words(wait)} and try again.")


def _proves(db: Db, known: Credentials | None, password: str, passwords: Passwords, now: datetime) -> bool:
    """Check password and code; both are looked at for every name."""
    stored = known.password_hash if known else None
    # Cut, so that a password of megabytes costs no more work than any other.
    checked = passwords.check(stored, password[: LONGEST + 1])
    code_used = credentials.use_code(db, known.account.key if known else "", password[: LONGEST + 1], now=now)
    if known and stored and checked.rehashed:
        credentials.renew_hash(db, known.account.key, stored, checked.rehashed)
    return checked.right or code_used


def _refuse_if_not_admitted(known: Credentials) -> None:
    if known.state == "pending":
        raise SignInRefused("Your account waits for an administrator to approve it.")
    if known.state == "rejected":
        raise SignInRefused(f"Your account was not approved. {known.note}".strip())


def _log_failure(db: Db, known: Credentials | None, visitor: Visitor) -> None:
    # A name nobody has is not written down: it may be a password typed into the wrong field.
    name, target = (known.account.name, f"user:{known.account.key}") if known else ("unknown name", "user:unknown")
    activity.record(db, Who("", name, visitor.address), "sign_in.failed", target)


def _confirm_current(
    db: Db, who: Who, account: Account, current: str, passwords: Passwords, now: datetime, code: str | None = None
) -> None:
    subject = attempts.account_subject(account.key)
    wait = attempts.admit(db, subject, attempts.PER_ACCOUNT, now=now)
    if wait:
        raise SignInRefused(f"Too many attempts. Wait {in_words(wait)} and try again.")
    known = credentials.of_key(db, account.key)
    try:
        right = passwords.check(known.password_hash if known else None, current).right
    except TooManyAtOnce as busy:
        attempts.take_back(db, subject)
        raise _sent_away(busy) from None
    if not right:
        # Only what was looked at: whoever has to wait must not fill the log.
        activity.record(db, who, "sign_in.unconfirmed", f"user:{account.key}")
        raise SignInRefused("The current password is not right.")
    if code is not None and not factors.use(db, who, account.key, code, now=now):
        activity.record(db, who, "sign_in.unconfirmed", f"user:{account.key}")
        raise SignInRefused(NOT_THE_CODE)
    attempts.forgive(db, subject)
