"""The public face: the class with the documented names, and the typed verbs.

Code that wants results and exceptions instead of sentences calls the verbs exported here with
``backup_system.workspace``. The machinery behind a verb is loaded when that is first asked for: a page that only asks
whether a backup is due need not pay for restores and comparisons.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from backup_engine.database_backup_restore import DatabaseBackupRestore
from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable, RestoreStopped
from backup_engine.model import COMMENT_LENGTH, Application, BackupSet, Progress, Source, Watch
from backup_engine.policy.cron import Cron, parse as parse_cron
from backup_engine.policy.due import check_interval
from backup_engine.policy.schedule import Schedule
from backup_engine.policy.time_zones import check_zone, machine_zone, names as zone_names
from backup_engine.runs import BOUNDS as RUN_BOUNDS
from backup_engine.scheduling.preferences import SCHEDULES, Changed, Preferences, Version
from backup_engine.storage.mounts import mount_of
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    from backup_engine.activate import activate
    from backup_engine.adopt import Holding, adopt, holdings, is_copy, start_anew, was_rolled_back
    from backup_engine.comment import comment
    from backup_engine.compare import Comparison, Difference, compare
    from backup_engine.create import Created, create
    from backup_engine.deeds import Deed, system_user, take_untold, untold
    from backup_engine.drill import drill
    from backup_engine.fetch import entries_in, fetch, is_plain, listed as listed_in, spooled, unseen, viewed
    from backup_engine.history import History, history_of
    from backup_engine.keep import choose as choose_tiers, shown as tiers_shown
    from backup_engine.keys.choice import Choice, checked_recipients, history as seal_versions, shown as seal_shown
    from backup_engine.keys.identity import Keys, fingerprint, keys_in
    from backup_engine.keys.proofs import needs_key, proven
    from backup_engine.lost import Lost, lost_and_found
    from backup_engine.merge import Merged, Pick, merge, merge_all, plan as plan_merge
    from backup_engine.mongo.guarded import Applied, Change, apply as apply_changes
    from backup_engine.offsite import (
        Standing,
        add_remote,
        confirm_remote_key,
        noted_standings,
        remote_standings,
        remove_remote,
        take_over_remote,
        test_remote,
    )
    from backup_engine.ownership.lookup import of as owner_of, seen as owner_seen
    from backup_engine.ownership.owner import Owner, called
    from backup_engine.ownership.standby import Standby
    from backup_engine.policy.moments import newest_at
    from backup_engine.policy.tiers import TIERS, Tiers, checked as checked_tiers
    from backup_engine.prune import Pruned, delete, halted as retention_halted, pin, prune, unpin
    from backup_engine.push import push
    from backup_engine.recover import (
        Recoverable,
        Recovered,
        look as recoverable,
        recover as recover_from,
        require_empty,
    )
    from backup_engine.replacing.recovery import recover, recover_now
    from backup_engine.repository.companions import trouble as application_trouble
    from backup_engine.repository.contents import preview
    from backup_engine.repository.ledger import bad, last_drill, last_verified, read as checks
    from backup_engine.reseal import Resealed, choose as choose_seal, open_sets, reseal
    from backup_engine.restore import Restored, plan_replace, replace
    from backup_engine.scheduling.holes import Hole, read as protection
    from backup_engine.scheduling.outlook import Planned, outlook
    from backup_engine.scheduling.preferences import history as preference_versions
    from backup_engine.scheduling.rounds import last as last_round
    from backup_engine.scheduling.scheduler import Check, Scheduler
    from backup_engine.scheduling.wording import changes as preference_changes, version as version_words
    from backup_engine.status import Status, status
    from backup_engine.take_in import import_set, import_sets
    from backup_engine.undo import Past, past, undo, undoable
    from backup_engine.unlock import unlock
    from backup_engine.unsaved import Glance, Loss, Unsaved
    from backup_engine.verify import Verification, require as require_sound, verify

__all__ = [
    "COMMENT_LENGTH", "RUN_BOUNDS", "SCHEDULES", "TIERS", "Application", "Applied", "BackupError", "BackupSet",
    "BadInput", "Change", "Changed", "Check", "Choice", "Comparison", "Created", "Cron", "DatabaseBackupRestore",
    "DatabaseUnreachable", "Deed", "Difference", "Glance", "History", "Holding", "Hole", "Keys", "Loss", "Lost",
    "Merged", "Owner", "Past", "Pick", "Planned", "Preferences", "Progress", "Pruned", "Recoverable", "Recovered",
    "Resealed", "RestoreStopped", "Restored", "Schedule", "Scheduler", "Source", "Standby", "Standing", "Status",
    "Tiers", "Unsaved", "Verification", "Version", "Watch", "Workspace", "activate", "add_remote", "adopt",
    "application_trouble", "apply_changes", "bad", "called", "check_interval", "check_zone", "checked_recipients",
    "checked_tiers", "checks", "choose_seal", "choose_tiers", "comment", "compare", "confirm_remote_key", "create",
    "delete", "drill", "entries_in", "fetch", "fingerprint", "history_of", "holdings", "import_set", "import_sets",
    "is_copy", "is_plain", "keys_in", "last_drill", "last_round", "last_verified", "listed_in", "lost_and_found",
    "machine_zone", "merge", "merge_all", "mount_of", "needs_key", "newest_at", "noted_standings", "open_sets",
    "outlook", "owner_of", "owner_seen", "parse_cron", "past", "pin", "plan_merge", "plan_replace",
    "preference_changes", "preference_versions", "preview", "protection", "proven", "prune", "push", "recover",
    "recover_from", "recover_now", "recoverable", "remote_standings", "remove_remote", "replace", "require_empty",
    "require_sound", "reseal", "retention_halted", "seal_shown", "seal_versions", "spooled", "start_anew", "status",
    "system_user", "take_over_remote", "take_untold", "test_remote", "tiers_shown", "undo", "undoable", "unlock",
    "unpin", "unseen", "untold", "verify", "version_words", "viewed", "was_rolled_back", "zone_names",
]

LATE = {
    "compare": ("Comparison", "Difference", "compare"), "repository.contents": ("preview",),
    "create": ("Created", "create"),
    "keys.choice": ("Choice", "checked_recipients", "seal_shown", "seal_versions"),
    "keys.identity": ("Keys", "fingerprint", "keys_in"), "keys.proofs": ("needs_key", "proven"),
    "offsite": ("Standing", "add_remote", "confirm_remote_key", "noted_standings", "remote_standings",
                "remove_remote", "take_over_remote", "test_remote"),
    "fetch": ("entries_in", "fetch", "is_plain", "listed_in", "spooled", "unseen", "viewed"), "push": ("push",),
    "comment": ("comment",), "drill": ("drill",), "mongo.guarded": ("Applied", "Change", "apply_changes"),
    "history": ("History", "history_of"), "lost": ("Lost", "lost_and_found"), "take_in": ("import_set", "import_sets"),
    "deeds": ("Deed", "system_user", "take_untold", "untold"),
    "adopt": ("Holding", "adopt", "holdings", "is_copy", "start_anew", "was_rolled_back"),
    "activate": ("activate",), "ownership.standby": ("Standby",),
    "ownership.lookup": ("owner_of", "owner_seen"), "ownership.owner": ("Owner", "called"),
    "repository.companions": ("application_trouble",),
    "repository.ledger": ("bad", "checks", "last_drill", "last_verified"),
    "merge": ("Merged", "Pick", "merge", "merge_all", "plan_merge"),
    "keep": ("choose_tiers", "tiers_shown"), "policy.tiers": ("TIERS", "Tiers", "checked_tiers"),
    "prune": ("Pruned", "delete", "pin", "prune", "retention_halted", "unpin"),
    "replacing.recovery": ("recover", "recover_now"),
    "recover": ("Recoverable", "Recovered", "recover_from", "recoverable", "require_empty"),
    "reseal": ("Resealed", "choose_seal", "open_sets", "reseal"),
    "restore": ("Restored", "plan_replace", "replace"), "scheduling.holes": ("Hole", "protection"),
    "scheduling.outlook": ("Planned", "outlook"),
    "scheduling.rounds": ("last_round",),
    "scheduling.scheduler": ("Check", "Scheduler"), "policy.moments": ("newest_at",),
    "scheduling.preferences": ("preference_versions",), "scheduling.wording": ("preference_changes", "version_words"),
    "status": ("Status", "status"), "undo": ("Past", "past", "undo", "undoable"), "unlock": ("unlock",),
    "unsaved": ("Glance", "Loss", "Unsaved"),
    "verify": ("Verification", "require_sound", "verify"),
}
"""Modules loaded when one of their names is first asked for: together they take longer than all the rest."""

OWN_NAMES = {"application_trouble": "trouble", "apply_changes": "apply", "checks": "read", "choose_seal": "choose",
             "choose_tiers": "choose", "tiers_shown": "shown", "checked_tiers": "checked",
             "preference_changes": "changes", "preference_versions": "history", "version_words": "version",
             "last_round": "last", "listed_in": "listed", "protection": "read", "owner_of": "of",
             "owner_seen": "seen", "plan_merge": "plan", "recover_from": "recover", "recoverable": "look",
             "require_sound": "require", "seal_shown": "shown", "seal_versions": "history",
             "retention_halted": "halted"}
"""What some of them are called in their modules."""


def __getattr__(name: str) -> Any:
    """Load a verb with its module."""
    for module, names in LATE.items():
        if name in names:
            loaded = getattr(importlib.import_module(f"backup_engine.{module}"), OWN_NAMES.get(name, name))
            # Python asks here only for names the module lacks: the next look-up finds it by itself.
            globals()[name] = loaded
            return loaded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
