"""Passwords that cost nothing, for tests that need many. The rules around them are the real ones."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher

from equipment.accounts.passwords import Passwords


class Counting(PasswordHasher):
    """Counts how often the expensive work is done."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        """Count, and do it."""
        self.verified += 1
        return super().verify(hash, password)  # type: ignore[return-value]


def counting() -> tuple[Counting, Passwords]:
    """Give passwords that cost nothing, and what counts their work."""
    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    return hasher, Passwords(hasher)


CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "correct horse battery"


def full() -> Passwords:
    """Give passwords that nobody has time for: as many wait as may."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._places = BoundedSemaphore(0)
    return passwords


FULL = full()
