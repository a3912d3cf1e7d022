"""Passwords: argon2id, a few rules, and the same amount of work whether an account exists or not."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from backup_engine.errors import BackupError, BadInput

SHORTEST: Final = 10
LONGEST: Final = 1000
AT_ONCE: Final = 4
"""Each hash takes 64 MiB; more visitors than this wait for their turn instead of filling the memory."""
WAITING: Final = 100
"""Visitors who wait for that; at four in about 0.2 s the last one waits 5 s. Further ones are sent away at once."""

GUESSES: Final = 10**8
"""What somebody who asks a server without limits could try: a password found sooner is refused (zxcvbn's own scale)."""
JUDGED: Final = 72
"""Characters that are judged: zxcvbn's time grows with the square of them."""
_OURS: Final = ("equipment", "equipment list", "passwort", "administrator", "changeme")
"""Words of this place, as NIST SP 800-63B, 3.1.1.2 has it: the name of the service and what is made of it."""


class TooManyAtOnce(BackupError):
    """So many passwords are being checked that this one was not looked at."""

    opening = "Too many people sign in at this moment"


@dataclass(frozen=True)
class Checked:
    """Whether a password was right; *rehashed* is its new hash when the parameters have changed since."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hash and check passwords with one set of parameters: so many at once, so many waiting, no more.

    Both verbs raise ``TooManyAtOnce`` for whoever would have to wait behind ``WAITING`` others.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hash(self, password: str) -> str:
        """Give the text to store of *password*."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def check(self, stored: str | None, password: str) -> Checked:
        """Compare; without a *stored* hash the work is done all the same and the answer is no."""
        with self._turn():
            try:
                self._hasher.verify(stored or self._nobody, _normal(password[:LONGEST]))
            except (VerificationError, InvalidHashError):
                return Checked(False)
            if not stored:
                return Checked(False)
            renew = self._hasher.check_needs_rehash(stored)
            return Checked(True, self._hasher.hash(_normal(password)) if renew else None)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise TooManyAtOnce("the password was not looked at", hint="Try again in a few seconds.")
        try:
            with self._turns:
                yield
        finally:
            self._places.release()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")


PASSWORDS: Final = Passwords()
"""The parameters of this release: argon2id, 64 MiB, 3 passes, 4 lanes (RFC 9106, second choice)."""


def check_rules(password: str, name: str) -> None:
    """Raise ``BadInput`` when *password* is too short, too long, or among the first guesses for *name*.

    Those are leaked and common passwords, words and names, and what people make of them; no kinds of characters are
    asked for. Source: NIST SP 800-63B revision 4, 3.1.1.2; the lists come with zxcvbn.
    """
    if len(password) < SHORTEST:
        raise BadInput(f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise BadInput(f"A password may have {LONGEST} characters.")
    judged = zxcvbn(_normal(password)[:JUDGED], [name, *name.split(), *_OURS])
    if judged["guesses"] < GUESSES:
        why = judged["feedback"]["warning"]
        raise BadInput("This password would be guessed among the first." + (f" {why}" if why else ""),
                       hint="Choose another one, such as four words that have nothing to do with each other.")


def _normal(password: str) -> str:
    # NFKC: the same letters typed in two ways are one password. A lone surrogate cannot be encoded, hence "replace".
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
