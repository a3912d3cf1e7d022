"""Everything that can go wrong, as one tree.

    BackupError                     1
    ├── BadInput                    2   an argument, interval, mode, type or file that cannot be used
    │   └── ForeignBackup           2   a set of another database, and nobody has said that it is meant
    ├── Busy                       11   a backup is already running
    │   ├── HeldByOthers           11   somebody else holds what this needs, and it is neither of the two
    │   └── RestoreRunning         11   a restore is running
    ├── WrongKey                   12   the set is encrypted for another key
    │   └── KeyNeeded              12   the set is encrypted and no key is at hand
    ├── VerificationFailed         13   stored bytes differ from what the metadata promises
    ├── DatabaseUnreachable        14   MongoDB does not answer, or refuses the login
    │   └── NoMajority             14   too few members of the replica set answer for a write that lasts
    ├── BackupFileNotFound         15   a file named by the metadata is missing
    ├── NoBackupsFound             16   nothing to restore from
    ├── ChoiceNeeded               16   whose the backups are has to be said first
    │   └── StandingBy             16   a recovered copy that nobody has let act
    ├── NoSpace                    17   the disk is full
    ├── PermissionDenied           18   the folder or the database user does not allow it
    │   ├── AdminOnly              18   the role does not allow it
    │   └── FreshSignInNeeded      18   the role does, but it is too long ago that the person proved who they are
    ├── NewerFormat                19   written by a later release
    ├── RestoreStopped             20   nothing was changed
    ├── RestoreIncomplete          21   something was changed; undo is available
    ├── RemoteFailed               22   a place off this machine does not answer, or breaks off
    │   ├── RemoteRefused          22   it answers and says no: wrong login, no right, a changed host key
    │   ├── HostKeyUnknown         22   nobody has confirmed yet that this is the right SSH server
    │   └── ForeignTarget          22   another installation keeps its backups there
    └── Cancelled                 130   a person stopped it

Every error carries a *message* (what happened; its first words are fixed and documented), a *hint* (what to do)
and an *exit code* for the command line.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AdminOnly",
    "BackupError",
    "BackupFileNotFound",
    "BadInput",
    "Busy",
    "Cancelled",
    "ChoiceNeeded",
    "DatabaseUnreachable",
    "ForeignBackup",
    "ForeignTarget",
    "FreshSignInNeeded",
    "HeldByOthers",
    "HostKeyUnknown",
    "KeyNeeded",
    "NewerFormat",
    "NoBackupsFound",
    "NoMajority",
    "NoSpace",
    "PermissionDenied",
    "RemoteFailed",
    "RemoteRefused",
    "RestoreIncomplete",
    "RestoreRunning",
    "RestoreStopped",
    "StandingBy",
    "VerificationFailed",
    "WrongKey",
]


class BackupError(Exception):
    """The root of the tree; raised itself only for a fault in the engine."""

    exit_code: ClassVar[int] = 1
    opening: ClassVar[str] = "Backup error"

    def __init__(self, detail: str = "", *, hint: str = "") -> None:
        self.detail = detail
        self.hint = hint
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The name under which documentation and logs know this error."""
        return type(self).__name__

    @property
    def message(self) -> str:
        """One sentence for people, starting with the documented first words."""
        if not self.detail:
            return f"{self.opening}."
        return self.detail if self.detail.startswith(self.opening) else f"{self.opening}: {self.detail}"

    def __str__(self) -> str:
        if not (self.message and self.hint):
            return self.message or self.hint
        ended = self.message if self.message.endswith((".", "!", "?", ":", "…")) else f"{self.message}."
        return f"{ended} {self.hint}"


class BadInput(BackupError):
    """An argument that cannot be used; the message says which and what would be accepted."""

    exit_code = 2
    opening = ""

    @property
    def message(self) -> str:
        return self.detail


class ForeignBackup(BadInput):
    """The set was made of another database; the message names both."""


class Busy(BackupError):
    """Another backup or restore holds the locks."""

    exit_code = 11
    opening = "A backup is already running"


class HeldByOthers(Busy):
    """Somebody else holds what this needs, and it is neither a backup nor a restore; the message says what it is."""

    opening = ""

    @property
    def message(self) -> str:
        return self.detail


class RestoreRunning(Busy):
    """The other operation is a restore."""

    opening = "A restore is running"


class WrongKey(BackupError):
    """The set cannot be opened with the key or passphrase given."""

    exit_code = 12
    opening = "Wrong key or passphrase"


class KeyNeeded(WrongKey):
    """Nobody has given the key that opens the set."""

    opening = "Key needed"


class VerificationFailed(BackupError):
    """Stored bytes are not the bytes that were written."""

    exit_code = 13
    opening = "Backup verification failed"


class DatabaseUnreachable(BackupError):
    """MongoDB cannot be reached; the message names the host, never the password."""

    exit_code = 14
    opening = "Database connection failed"


class NoMajority(DatabaseUnreachable):
    """The primary answers, but too few members follow it: what is written now could be taken back."""


class BackupFileNotFound(BackupError):
    """A file of the set is gone; the message names it."""

    exit_code = 15
    opening = "Backup file not found"


class NoBackupsFound(BackupError):
    """There is no set to work with; the message says where was looked and why nothing counted."""

    exit_code = 16
    opening = "No backups found"


class ChoiceNeeded(BackupError):
    """An administrator has to say whether this database continues the backups that lie there."""

    exit_code = 16
    opening = "No backup is made"


class StandingBy(ChoiceNeeded):
    """This database is a recovered copy, and no administrator has let it act yet."""

    opening = "Recovered copy"


class NoSpace(BackupError):
    """The disk is full, or would be."""

    exit_code = 17
    opening = "Not enough disk space"


class PermissionDenied(BackupError):
    """The operating system or MongoDB refuses."""

    exit_code = 18
    opening = "Permission denied"


class AdminOnly(PermissionDenied):
    """The signed-in person's role does not allow it."""

    opening = "Admin only"


class FreshSignInNeeded(PermissionDenied):
    """The role allows it, but it is too long ago that the person proved who they are."""

    opening = "Confirm that it is you"


class NewerFormat(BackupError):
    """The set needs a later release of this program."""

    exit_code = 19
    opening = "Backup was made by a newer version"


class RestoreStopped(BackupError):
    """A restore ended before it changed anything."""

    exit_code = 20
    opening = "Restore stopped; current data unchanged"


class RestoreIncomplete(BackupError):
    """A restore changed data and then met a problem."""

    exit_code = 21
    opening = "Restore finished with problems; undo available"


class RemoteFailed(BackupError):
    """A place off this machine does not answer, breaks off, or gives back other bytes than it was sent."""

    exit_code = 22
    opening = "Remote storage failed"


class RemoteRefused(RemoteFailed):
    """It answers and says no; trying again would not help."""

    opening = "Remote storage refused"


class HostKeyUnknown(RemoteFailed):
    """An SSH server shows a key that nobody has confirmed; ``fingerprint`` is the key's."""

    opening = "Remote storage is not confirmed yet"

    def __init__(self, detail: str = "", *, hint: str = "", fingerprint: str = "") -> None:
        self.fingerprint = fingerprint
        super().__init__(detail, hint=hint)


class ForeignTarget(RemoteFailed):
    """Another installation keeps its backups under that address; the message says which, and when it last did."""

    opening = "Remote storage belongs to another installation"


class Cancelled(BackupError):
    """A person asked to stop."""

    exit_code = 130
    opening = "Cancelled"
