"""Passwords that cost nothing, for tests that need many. The rules around them are the real ones."""

from __future__ import annotations

from argon2 import PasswordHasher

from equipment.accounts.passwords import Passwords

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "correct horse battery"
