"""Retention for the screens: what is kept in tiers, who may change it, and what would be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backup_engine import api
from backup_engine.api import BadInput, Pruned, Tiers
from equipment.backups import Backups, Caller
from equipment.settings import option_name

__all__ = ["Rules", "acknowledge", "change", "halted", "planned", "rules", "tried"]


@dataclass(frozen=True)
class Rules:
    """What retention keeps by age and by tier."""

    keep_days: int
    tiers: Tiers
    given: Mapping[str, str]
    """Which tiers an option decides, and its name; the others are chosen on the page."""
    problem: str = ""
    """Why what is stored of the tiers cannot be used; then nothing is deleted."""


def rules(backups: Backups, caller: Caller) -> Rules:
    """Say what counts. Works with the database down, as it was last heard of."""
    caller.check("backup.see")
    ws = backups.workspace(caller)
    given = {tier: option_name(f"backup_keep_{tier}") for tier in ws.tiers}
    try:
        return Rules(ws.keep_days, api.tiers_shown(ws), given)
    except BadInput as problem:
        return Rules(ws.keep_days, Tiers(**ws.tiers), given, problem.detail)


def change(backups: Backups, caller: Caller, numbers: Mapping[str, int]) -> Tiers:
    """Store these numbers by tier; gives what counts then.

    Raises ``AdminOnly``, ``FreshSignInNeeded`` where less would be kept than now, and ``BadInput`` for what is no
    number within bounds and for what an option decides.
    """
    caller.check("backup.settings")
    before = rules(backups, caller).tiers
    wanted = api.checked_tiers(numbers)
    if any(wanted.get(tier, count) < count for tier, count in before.counts.items()):
        caller.check("backup.let_go")  # the next good backup would delete what was kept until now
    after = api.choose_tiers(backups.workspace(caller), numbers, by=caller.name)
    backups.note(caller, "backup.settings", "retention",
                 f"kept in tiers: {before.words or 'nothing'} → {after.words or 'nothing'}")
    return after


def tried(backups: Backups, caller: Caller, numbers: Mapping[str, int]) -> Pruned:
    """Say what retention would do if these numbers counted; nothing is changed."""
    caller.check("backup.see")
    return api.prune(backups.workspace(caller), dry_run=True, tiers=Tiers(**api.checked_tiers(numbers)))


def planned(backups: Backups, caller: Caller) -> Pruned:
    """Say what retention would do now, with a reason for every backup; nothing is changed."""
    caller.check("backup.see")
    return api.prune(backups.workspace(caller), dry_run=True)


def halted(backups: Backups, caller: Caller) -> str:
    """Why retention pauses, or an empty string."""
    caller.check("backup.see")
    return api.retention_halted(backups.workspace(caller))


def acknowledge(backups: Backups, caller: Caller) -> str:
    """Let retention go on although a collection shrank; gives what it did."""
    caller.check("backup.let_go")
    message = api.prune(backups.workspace(caller), acknowledge_shrink=True).message
    backups.note(caller, "backup.acknowledge_shrink", "retention", message)
    return message
