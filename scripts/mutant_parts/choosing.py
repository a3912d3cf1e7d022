"""Which of the tests that come to a place are asked about it: the nearest few, the others, then whole files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["STEPS", "near_to_far"]

STEPS: Final = 3
FEW: Final = 8


def near_to_far(path: str, reaching: Sequence[str], steps: int = STEPS) -> list[str]:
    """Give those of the first steps, the nearest first.

    ``reaching`` are those of ``reaching.read``: a test that comes there itself, or a file whose program does.
    """
    own = sorted((test for test in reaching if "::" in test), key=lambda test: (_far(path, test), test))
    files = sorted((test for test in reaching if "::" not in test), key=lambda test: (_far(path, test), test))
    return [test for step in (own[:FEW], own[FEW:], files)[:steps] for test in step]


def _far(path: str, test: str) -> tuple[int, bool]:
    """How many rooms lie between, and whether the file is named after another."""
    module, place = Path("tests") / path, Path(test.partition("::")[0])
    shared = sum(one == other for one, other in zip(module.parent.parts, place.parent.parts, strict=False))
    apart = len(module.parent.parts) + len(place.parent.parts) - 2 * shared
    return apart, not place.stem.startswith(f"test_{module.stem}")
