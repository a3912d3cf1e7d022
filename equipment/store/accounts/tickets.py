"""Secrets a browser or a person is handed once: made here, kept only as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Nothing that looks like something else when read from a screen or a sheet of paper."""


def token() -> str:
    """Give 256 random bits for a machine to carry."""
    return secrets.token_urlsafe(32)


def code(groups: int = 4) -> str:
    """Give a code for a person to type; four letters a group, almost 20 bits each."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(groups))


def digest(secret: str) -> str:
    """Give what is stored of *secret*. Fast on purpose: only for secrets with too many bits to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def code_digest(typed: str) -> str:
    """Give what is stored of a code, however its letters were typed."""
    return digest("".join(character for character in typed.upper() if character in _LETTERS))
