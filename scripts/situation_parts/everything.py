"""Every situation, in the order of the table. A new kind is a file with SITUATIONS, and its name here."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from scripts.situation_parts import (
    accounts,
    databases,
    disks,
    endings,
    fronts,
    installations,
    memory,
    places,
    services,
    shells,
    upgrades,
)
from scripts.situation_parts.ground import Ground
from scripts.situation_parts.judging import short
from scripts.situation_parts.situation import FAILS, NOT_HERE, NotHere, Situation

__all__ = ["SITUATIONS", "play"]

SITUATIONS: tuple[Situation, ...] = (
    *places.SITUATIONS, *shells.SITUATIONS, *accounts.SITUATIONS, *disks.SITUATIONS, *databases.SITUATIONS,
    *fronts.SITUATIONS, *services.SITUATIONS, *endings.SITUATIONS, *memory.SITUATIONS, *installations.SITUATIONS,
    *upgrades.SITUATIONS,
)


def play(situations: Iterable[Situation], say: Callable[[dict[str, Any]], None]) -> None:
    """Bring each about in an empty folder, and tell what came of it."""
    for situation in situations:
        folder = Path(tempfile.mkdtemp(prefix="situation-"))
        ground, began = Ground(folder), time.monotonic()
        try:
            with redirect_stdout(io.StringIO()):  # the console of every app, as a test shows it
                outcome = situation.play(ground)
            result, message, seconds = outcome.result, outcome.message, outcome.seconds
            if seconds > situation.within and result != NOT_HERE:
                result, message = FAILS, f"took longer than {situation.within:g} s: {message}"
        except NotHere as lacking:
            result, message, seconds = NOT_HERE, str(lacking), 0.0
        except Exception as problem:  # noqa: BLE001 - the boundary of one situation: the others are tried all the same
            result, message = FAILS, short(f"{type(problem).__name__}: {problem}", ground)
            seconds = time.monotonic() - began
        finally:
            ground.clear()
            shutil.rmtree(folder, ignore_errors=True)
        say({"kind": situation.kind, "situation": situation.name, "wanted": situation.wanted, "result": result,
             "message": message, "seconds": round(seconds, 1)})
