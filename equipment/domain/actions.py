"""What the activity log's action words mean to people."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "records.add": "Added a record", "records.edit": "Changed a record", "records.bulk_edit": "Changed records in bulk",
    "records.import": "Imported records", "records.undo": "Undid a change",
    "records.delete": "Moved to trash", "records.bring_back": "Brought back",
    "records.purge": "Deleted for good", "records.export": "Downloaded records",
    "options.edit": "Changed options", "columns.manage": "Changed columns",
    "loans.out": "Checked out", "loans.back": "Checked in", "loans.reserve": "Reserved",
    "loans.cancel": "Gave up a reservation", "loans.prolong": "Moved the day it is due back",
    "stocktaking.begin": "Began a stocktaking", "stocktaking.applied": "Applied a stocktaking",
    "stocktaking.dropped": "Ended a stocktaking without writing",
    "settings.loans": "Changed how loans work",
    "events.add": "Wrote down what was done", "events.strike": "Struck out what was written down",
    "files.attach": "Attached a file", "files.remove": "Removed a file", "files.restore": "Brought a file back",
    "plans.add": "Made a plan", "plans.change": "Changed a plan", "plans.end": "Ended a plan",
    "views.save": "Saved a view", "views.delete": "Deleted a view", "sample.load": "Loaded sample data",
    "backup.create": "Backup", "backup.replace": "Restore (replace)", "backup.merge": "Restore (merge)",
    "backup.undo": "Undo of a restore", "backup.recover": "Recovered from a backup",
    "backup.verify": "Verified a backup", "backup.drill": "Restore drill",
    "backup.pin": "Pinned a backup", "backup.unpin": "Unpinned a backup",
    "backup.download": "Downloaded a backup",
    "backup.comment": "Commented on a backup", "backup.delete": "Deleted a backup",
    "backup.adopt": "Adopted backups of another database", "backup.start_anew": "Started anew beside other backups",
    "backup.is_copy": "Said that this database is a copy",
    "backup.was_rolled_back": "Said that this database was rolled back",
    "backup.import": "Took in a backup", "backup.repair": "Repaired a backup",
    "backup.prune": "Cleared old backups away", "backup.acknowledge_shrink": "Let retention go on",
    "backup.unlock": "Released a lock", "backup.activate": "Let a recovered copy act",
    "backup.sealing": "Changed how backups are stored", "backup.reseal": "Stored backups anew",
    "backup.remote.add": "Added a remote", "backup.remote.remove": "Removed a remote",
    "backup.remote.test": "Tried a remote out", "backup.remote.confirm_key": "Confirmed an SSH server",
    "backup.remote.take_over": "Took a remote over", "backup.remote.push": "Sent backups to a remote",
    "backup.remote.care": "Looked after a remote", "backup.remote.fetch": "Fetched a backup from a remote",
    "backup.settings": "Changed backup settings", "backup.auto.created": "Automatic backup",
    "sign_in": "Signed in", "sign_in.failed": "Failed sign-in",
    "sign_in.confirmed": "Confirmed the sign-in", "sign_in.unconfirmed": "Failed to confirm the sign-in",
    "sign_out": "Signed out",
    "sign_out.everywhere": "Signed out everywhere", "user.create": "Created an account", "user.role": "Changed a role",
    "user.disable": "Disabled an account", "user.enable": "Enabled an account", "user.reset": "Reset a password",
    "user.factor": "Second factor", "user.password": "Changed the password", "user.sign_up": "Asked for an account",
    "user.person": "Changed who is behind an account", "user.link": "Asked for a link to a new password",
    "user.calendar": "Calendar address",
    "user.token": "Made a token", "user.token_revoked": "Revoked a token",
    "user.approve": "Approved an account", "user.reject": "Rejected an account",
    "settings.sign_up": "Switched self sign-up", "settings.messages": "Changed messages",
    "settings.write_file": "Wrote the settings file",
}


def in_words(action: str) -> str:
    """Give what *action* means; a word nobody described is shown as it is."""
    if action in WORDS:
        return WORDS[action]
    begun = action.removesuffix(".failed")
    return f"{WORDS[begun]} failed" if begun != action and begun in WORDS else action
