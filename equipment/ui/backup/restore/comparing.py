"""Comparisons in the background: whether there is one, and why a restore waits for it."""

from __future__ import annotations

from backup_engine.api import BackupSet, Comparison
from equipment.backups import Backups, Caller
from equipment.ui.backup import background
from equipment.ui.backup.background import Wanted

__all__ = ["blocked", "forget", "show"]

VERB = "compare"


def show(
    backups: Backups, caller: Caller, backup: BackupSet, keys: tuple[str, ...], other: BackupSet | None = None, *,
    remote: str = "", since: str = "",
) -> dict[str, Comparison] | None:
    """Give the comparisons by collection key, starting them when there are none; None while that runs or failed.

    ``since`` names the last change of the list, see ``last_change``: one with the list of before is none.
    """
    wanted = _wanted(backup, keys, other, remote, since)
    found: dict[str, Comparison] | None = background.answer(
        backups, f"{VERB}-{remote}", wanted, again="Compare again", start=lambda kind: backups.compare(
            caller, backup, keys, other, kind=kind, about=wanted, remote=remote))
    return found


def blocked(backup: BackupSet, keys: tuple[str, ...], *, remote: str = "", since: str = "") -> str:
    """Say why a restore cannot be confirmed; empty when it can."""
    wanted = _wanted(backup, keys, None, remote, since)
    failure = background.failure(wanted)
    if failure is not None:
        return str(failure.message)
    return "" if background.known(wanted) else "Waiting for the comparison with the current list."


def forget() -> None:
    """Throw this visitor's comparisons away, because the list has changed."""
    background.forget(VERB)


def _wanted(backup: BackupSet, keys: tuple[str, ...], other: BackupSet | None, remote: str, since: str) -> Wanted:
    return VERB, remote, backup.backup_id, keys, other.backup_id if other else f"current since {since}"
