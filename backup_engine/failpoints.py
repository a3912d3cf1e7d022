"""Named steps of the protocols, where a test may make the world end.

Each step ``W0`` … ``W10`` of a backup, ``R1`` … ``R8`` of a restore and ``V0`` … ``V3`` of a recovery calls ``reach``
when it has been done. In production the table is empty and the call costs one dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Callable

hooks: dict[str, Callable[[], None]] = {}


def reach(step: str) -> None:
    """Run what a test has hung on this step, if anything."""
    hook = hooks.get(step)
    if hook is not None:
        hook()
