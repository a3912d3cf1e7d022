"""How backups are stored and who can open them, for the screens: compression, recipients, what a drill has proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backup_engine import api
from backup_engine.api import BackupSet, Choice, Keys
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.settings import option_name

__all__ = ["COMPRESSIONS", "Recipient", "Stored", "change", "in_words", "keys_from", "needs_key",
           "reseal", "stored", "versions"]

COMPRESSIONS = ("none", "gzip", "zstd")
_OPTIONS = {"compression": "backup_compression", "recipients": "backup_recipients"}


@dataclass(frozen=True)
class Recipient:
    """A public key that backups are encrypted for."""

    key: str
    fingerprint: str
    proven: datetime | None
    """When a drill last showed that its secret half is at hand."""


@dataclass(frozen=True)
class Stored:
    """What counts for new backups, and what lies there of before."""

    compression: str
    recipients: tuple[Recipient, ...]
    given: Mapping[str, str]
    """Which of compression and recipients an option decides, and its name; the other is chosen on the page."""
    open_sets: int
    """Backups that anybody who has the files can read."""

    @property
    def proven(self) -> bool:
        """Whether a drill with one of the identities has passed: only then files count as encrypted, not as lost."""
        return any(recipient.proven for recipient in self.recipients)


def stored(backups: Backups, caller: Caller) -> Stored:
    """Say how backups are stored. Works with the database down, as it was last heard of."""
    caller.check("backup.see")
    ws = backups.workspace(caller)
    seal, proven = api.seal_shown(ws), api.proven(ws.storage)
    return Stored(
        seal.compression, tuple(Recipient(key, api.fingerprint(key), proven.get(key)) for key in seal.recipients),
        {part: option_name(_OPTIONS[part]) for part in sorted(ws.said)}, len(api.open_sets(ws)))


def change(backups: Backups, caller: Caller, compression: str, recipients: str) -> None:
    """Store how backups are kept from now on; ``recipients`` are public keys parted by commas, blanks or lines.

    Raises ``AdminOnly``, ``BadInput`` for what is no public key and for what an option decides.
    """
    caller.check("backup.sealing")
    keys = api.checked_recipients(recipients) if recipients.strip() else ()
    wanted = Choice(compression, keys)  # type: ignore[arg-type]  # checked there
    done = api.choose_seal(backups.workspace(caller), wanted, by=caller.name)
    backups.note(caller, "backup.sealing", "backups", in_words(done.compression, done.recipients))


def in_words(compression: str, recipients: Sequence[str]) -> str:
    """Say how backups are stored."""
    return f"compression {compression}; encrypted for {', '.join(recipients) or 'nobody'}"


def versions(backups: Backups, caller: Caller) -> list[api.Version]:
    """Give the last choices, newest first. Raises ``DatabaseUnreachable``."""
    caller.check("backup.see")
    return api.seal_versions(backups.workspace(caller).connect())


def reseal(backups: Backups, caller: Caller) -> Job:
    """Start storing the backups that are there as new ones are; the result is ``Resealed``."""
    caller.check("backup.sealing")
    ws = backups.workspace(caller)
    return backups.start(caller, "backup.reseal", "Store all backups anew",
                         lambda watch: api.reseal(ws, watch=watch))


def needs_key(backups: Backups, caller: Caller, backup: BackupSet | None) -> bool:
    """Whether that backup is encrypted and the keys this visitor gave do not open it."""
    return backup is not None and backup.encrypted and api.needs_key(backups.workspace(caller), backup)


def keys_from(text: str, passphrase: str = "") -> Keys:
    """Understand what was pasted. Raises ``WrongKey``, ``KeyNeeded`` for a passphrase that is missing, ``BadInput``."""
    return api.keys_in(text, ask=(lambda: passphrase) if passphrase else None)
