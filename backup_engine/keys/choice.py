"""How sets are stored and for whom they are encrypted: what was said at the start, else what an administrator stored.

An argument, a flag or the environment wins; what none of them says stands in ``backup_restore_state``, so that every
process, and cron, makes the sets that the screen promises. It never stands in the backup folder: whoever may write
there could add a key of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymongo.database import Database

from backup_engine.csv_format import age
from backup_engine.csv_format.seal import Compression, Seal
from backup_engine.errors import BadInput, DatabaseUnreachable
from backup_engine.mongo import versions
from backup_engine.mongo.versions import Version
from backup_engine.workspace import Workspace

__all__ = ["BOTH", "Choice", "checked_recipients", "effective", "history", "load", "save", "shown"]

DOCUMENT = "sealing"
BOTH = frozenset({"compression", "recipients"})
MOST_RECIPIENTS = 20


@dataclass(frozen=True)
class Choice:
    """Compression, and the public keys to encrypt for; none means plain files."""

    compression: Compression = "none"
    recipients: tuple[str, ...] = ()


def checked_recipients(given: str | Iterable[str]) -> tuple[str, ...]:
    """Give public keys from a text or several, parted by commas or blanks. Raises ``BadInput`` for what is none."""
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(text, str) for text in texts):
        raise BadInput("recipients must be age public keys (age1…) as text.")
    if not all(text.strip() for text in texts):
        raise BadInput("A recipient is empty.", hint="An age public key begins with age1; `none` means plain files.")
    words = [word for text in texts for word in text.replace(",", " ").split()]
    recipients = tuple(dict.fromkeys(age.recipient(word) for word in words))
    if len(recipients) > MOST_RECIPIENTS:
        raise BadInput(f"At most {MOST_RECIPIENTS} recipients, not {len(recipients)}.")
    return recipients


def load(database: Database[dict[str, Any]]) -> Choice:
    """Give what an administrator stored. Raises ``DatabaseUnreachable``, ``BadInput`` for what is no public key."""
    stored = versions.stored(database, DOCUMENT)
    return Choice(Seal(stored.get("compression", "none")).compression, checked_recipients(stored.get("recipients", ())))


def save(database: Database[dict[str, Any]], choice: Choice, *, by: str = "") -> Choice:
    """Store it, checked, ``by`` somebody; gives it as it is stored. Raises ``BadInput``, ``DatabaseUnreachable``."""
    checked = Choice(Seal(choice.compression).compression, checked_recipients(choice.recipients))
    fields = {"compression": checked.compression, "recipients": list(checked.recipients)}
    versions.store(database, DOCUMENT, fields, by=by)
    return checked


def history(database: Database[dict[str, Any]]) -> list[Version]:
    """Give the last choices, newest first: ``compression`` and ``recipients``. Raises ``DatabaseUnreachable``."""
    return versions.history(database, DOCUMENT, {"compression": str, "recipients": checked_recipients})


def effective(ws: Workspace, database: Database[dict[str, Any]] | None) -> Seal:
    """Give the seal that new files get.

    Raises ``DatabaseUnreachable`` when only the database could tell, it is down, and the folder holds encrypted sets:
    a set that ought to be encrypted is never written plain.
    """
    said = _said(ws)
    if said >= BOTH:
        return ws.seal
    if database is not None:
        ws.remembered.choice = load(database)
    stored = ws.remembered.choice
    if stored is None:
        if "recipients" not in said and any(backup.encrypted for backup in ws.catalog.sets(fresh=False)):
            raise DatabaseUnreachable("whether backups are encrypted stands there",
                                      hint="Start it, or say for whom: --recipient age1….")
        stored = Choice()
    return _completed(ws, stored)


def shown(ws: Workspace) -> Seal:
    """Give the same for a screen or a sentence, with the database down as it was last heard of."""
    try:
        return effective(ws, ws.connect() if _said(ws) < BOTH else None)
    except DatabaseUnreachable:
        return _completed(ws, ws.remembered.choice or Choice())


def _said(ws: Workspace) -> frozenset[str]:
    """A seal that was put into the workspace says what it does, whatever was said before."""
    put = {"recipients": ws.seal.encrypts, "compression": ws.seal.compression != "none"}
    return ws.said | {name for name, is_put in put.items() if is_put}


def _completed(ws: Workspace, stored: Choice) -> Seal:
    missing: Mapping[str, Any] = {name: getattr(stored, name) for name in BOTH - _said(ws)}
    return replace(ws.seal, **missing)
