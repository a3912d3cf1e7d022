"""Passwords: argon2id, a few rules, and the same amount of work whether an account exists or not."""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backup_engine.errors import BadInput

SHORTEST: Final = 10
LONGEST: Final = 1000
AT_ONCE: Final = 4
"""Each hash takes 64 MiB; more visitors than this wait for their turn instead of filling the memory."""

_TOO_COMMON: Final = (
    "password", "passwort", "qwertz", "qwerty", "letmein", "administrator", "equipment", "changeme", "welcome",
)


@dataclass(frozen=True)
class Checked:
    """Whether a password was right; *rehashed* is its new hash when the parameters have changed since."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hash and check passwords with one set of parameters."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """Give the text to store of *password*."""
        with self._turns:
            return self._hasher.hash(_normal(password))

    def check(self, stored: str | None, password: str) -> Checked:
        """Compare; without a *stored* hash the work is done all the same and the answer is no."""
        with self._turns:
            try:
                self._hasher.verify(stored or self._nobody, _normal(password[:LONGEST]))
            except (VerificationError, InvalidHashError):
                return Checked(False)
            if not stored:
                return Checked(False)
            renew = self._hasher.check_needs_rehash(stored)
            return Checked(True, self._hasher.hash(_normal(password)) if renew else None)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")


PASSWORDS: Final = Passwords()
"""The parameters of this release: argon2id, 64 MiB, 3 passes, 4 lanes (RFC 9106, second choice)."""


def check_rules(password: str, name: str) -> None:
    """Raise ``BadInput`` when *password* is too short, too long, or one of the first guesses for *name*."""
    if len(password) < SHORTEST:
        raise BadInput(f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise BadInput(f"A password may have {LONGEST} characters.")
    plain = _normal(password).casefold()
    core = plain.strip("0123456789!.")
    if len(set(plain)) < 4 or core in ("", *_TOO_COMMON, name.casefold()) or plain == name.casefold():
        raise BadInput("This password would be guessed first. Choose another one.")


def _normal(password: str) -> str:
    # NFKC: the same letters typed in two ways are one password. A lone surrogate cannot be encoded, hence "replace".
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
