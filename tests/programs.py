"""Programs of the system that tests call as a person would."""

from __future__ import annotations

import shutil

import pytest


def program(name: str) -> str:
    """Path of a program; skips the test where it is not installed (in CI that is a failure)."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} here: apt-get install {name}")
    return path
