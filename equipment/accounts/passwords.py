"""Passwords: argon2id, a few rules, and the same amount of work whether an account exists or not."""

from __future__ import annotations

import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from backup_engine.errors import BackupError, BadInput

SHORTEST: Final = 10
LONGEST: Final = 1000
T = TypeVar("T")
AT_ONCE: Final = max(1, (os.cpu_count() or 1) // 2)
"""Each hash takes 64 MiB and four threads; more visitors than this wait for their turn. With four at once on two
processors a flood of sign-ups took 238 MB, and the pages of others 404 ms instead of 26."""
WAITING: Final = 100
"""Visitors who wait for that; at one in 0.1 s the last one waits 10 s. Further ones are sent away at once."""
NICE: Final = 10
"""Of the threads that hash, where a thread has a priority of its own: pages go first."""

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
        self._workers = ThreadPoolExecutor(AT_ONCE, "passwords", _yield_to_others)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hash(self, password: str) -> str:
        """Give the text to store of *password*."""
        return self._in_turn(lambda: self._hasher.hash(_normal(password)))

    def check(self, stored: str | None, password: str) -> Checked:
        """Compare; without a *stored* hash the work is done all the same and the answer is no."""
        return self._in_turn(lambda: self._check(stored, password))

    def _check(self, stored: str | None, password: str) -> Checked:
        try:
            self._hasher.verify(stored or self._nobody, _normal(password[:LONGEST]))
        except (VerificationError, InvalidHashError):
            return Checked(False)
        if not stored:
            return Checked(False)
        renew = self._hasher.check_needs_rehash(stored)
        return Checked(True, self._hasher.hash(_normal(password)) if renew else None)

    def _in_turn(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise TooManyAtOnce("the password was not looked at", hint="Try again in a few seconds.")
        try:
            return self._workers.submit(work).result()
        finally:
            self._places.release()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")


def _yield_to_others() -> None:
    if sys.platform == "linux":
        # Argon2's own threads are started with the priority of this one.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


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
