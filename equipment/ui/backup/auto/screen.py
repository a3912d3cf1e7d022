"""The Auto Backup sub-tab: its sections, in their order."""

from __future__ import annotations

from equipment.backups import Backups, Caller
from equipment.ui.backup import outside, remotes, retention, storing
from equipment.ui.backup.auto import checks, continuous, drill, messages, schedule, switch


def show(backups: Backups, caller: Caller) -> None:
    """Draw the sub-tab."""
    switch.show(backups, caller)
    checks.show(backups, caller)
    checks.history(backups)
    schedule.show(backups, caller)
    continuous.show(backups, caller)
    retention.show(backups, caller)
    storing.show(backups, caller)
    drill.show(backups, caller)
    remotes.show(backups, caller)
    messages.show(backups, caller)
    outside.show(backups, caller)
