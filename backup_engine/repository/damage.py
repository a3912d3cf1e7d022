"""What a verification says: each damage by name, the verdict on a set, the verdict on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backup_engine.errors import BackupError, BackupFileNotFound, NewerFormat, VerificationFailed
from backup_engine.model import BackupSet

__all__ = ["LEVELS", "Damage", "DamageKind", "Report", "Verification", "error_of"]

LEVELS = {0: "listing", 1: "stored bytes", 2: "every row", 3: "restored"}
"""How deep a check looked, in words; without the key of an encrypted set level 1 is as deep as it goes."""

DamageKind = Literal["missing", "changed", "count", "unreadable", "metadata", "base", "key", "newer", "signature"]


@dataclass(frozen=True)
class Damage:
    """One thing wrong with a set, as precisely as the bytes allow."""

    key: str
    """The collection's key; empty for the set as a whole."""
    file: str
    kind: DamageKind
    message: str
    rows: tuple[tuple[int, int], ...] = ()
    """First and last row of each damaged block, counted from 1; empty when the damage cannot be placed."""
    readable: int | None = None
    """Rows in undamaged blocks, which ``repair`` can bring into a new set."""


@dataclass(frozen=True)
class Verification:
    """The outcome for one set."""

    backup: BackupSet
    level: int
    problems: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()
    beside: tuple[Damage, ...] = ()
    """What is wrong with the set of the application's own data that was made with it."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong as far as this level looks."""
        return not self.problems and not self.beside

    @property
    def message(self) -> str:
        """One sentence for people."""
        if not self.ok:
            return str(error_of(self))
        counts = ", ".join(f"{count:,} {key}" for key, count in self.backup.counts.items())
        notes = f" ({'; '.join(self.notes)})" if self.notes else ""
        return f"Backup {self.backup.label} verified at level {self.level} ({LEVELS[self.level]}): {counts}{notes}."


@dataclass(frozen=True)
class Report:
    """The outcome for all sets, and whether the newest is recent enough."""

    verifications: tuple[Verification, ...]
    stale: str
    notes: tuple[str, ...] = ()
    level: int = 1
    """How deep it was to look."""
    apart: tuple[Verification, ...] = ()
    """Sets of the application's own data that go with none of the list, such as safety sets."""

    @property
    def everything(self) -> tuple[Verification, ...]:
        """Both."""
        return (*self.verifications, *self.apart)

    @property
    def shallow(self) -> int:
        """How many sets could not be looked into for want of a key: only their stored bytes were compared."""
        return sum(verification.level < self.level for verification in self.everything)

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong, as deep as could be looked, and the newest is not too old."""
        return not self.stale and all(verification.ok for verification in self.everything)

    @property
    def ok(self) -> bool:
        """Whether every set is sound at the level asked for and the newest is not too old."""
        return self.sound and not self.shallow

    @property
    def message(self) -> str:
        """One sentence for people."""
        failed = sum(not verification.ok for verification in self.everything)
        total = len(self.everything)
        if failed:
            return f"Backup verification failed: {failed} of {total} backups. {self.stale}".strip()
        if self.stale:
            return f"Backup verification failed: {self.stale}"
        notes = f" ({'; '.join(self.notes)})" if self.notes else ""
        if self.shallow:
            return (f"Key needed: {self.shallow} of {total} backups are encrypted and were not looked into; their "
                    f"stored bytes are as they were written{notes}.")
        return f"All {total} backups verified at level {self.level} ({LEVELS[self.level]}){notes}."


def error_of(outcome: Verification) -> BackupError:
    """Give the error that says what a failed verification found."""
    words = "; ".join(damage.message for damage in (*outcome.problems, *outcome.beside))
    label = outcome.backup.label
    if not outcome.problems:
        return VerificationFailed(words, hint="The list in this backup is sound. Make a new backup now.")
    first = min(outcome.problems, key=lambda damage: damage.kind != "missing")
    if first.kind == "newer":
        return NewerFormat(f"backup {label}", hint="Update this program and try again.")
    if first.kind == "missing":
        return BackupFileNotFound(words, hint="The other files of this backup can still be restored.")
    if any(damage.kind == "signature" for damage in outcome.problems):
        return VerificationFailed(words, hint="Somebody else may have made it. Do not restore it unless you know who.")
    hint = f"“repair {label}” brings the readable rows into a new backup."
    if any(damage.kind == "changed" and damage.file.endswith(".csv") for damage in outcome.problems):
        hint = f"If a spreadsheet saved it, import it as a list instead; otherwise {hint}"
    return VerificationFailed(words, hint=hint)
