"""Store the sets that are there as new ones are stored: for other keys, encrypted at last, compressed otherwise.

Each set is written anew beside the old one, read back, and committed; then the old one is marked as superseded. Only
when that has been done for all are the marked ones removed, full sets last. So whenever it ends, by a kill or for want
of room, every set is there at least once, and the next run goes on. Records in ``.state`` go at the start.
"""

from __future__ import annotations

from dataclasses import dataclass

from backup_engine import offsite
from backup_engine.csv_format.seal import Seal
from backup_engine.deeds import told
from backup_engine.errors import BackupError, BadInput, Cancelled, NoSpace
from backup_engine.failpoints import reach
from backup_engine.keys import choice
from backup_engine.keys.choice import Choice
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.copying import copy_set
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.remotes import registry
from backup_engine.replacing import recovery
from backup_engine.repository import ledger
from backup_engine.verify import verify
from backup_engine.workspace import Workspace

__all__ = ["Resealed", "choose", "open_sets", "reseal"]


@dataclass(frozen=True)
class Resealed:
    """What was done. ``left`` are sets that stay as they are, with the reason."""

    made: tuple[BackupSet, ...]
    removed: tuple[BackupSet, ...]
    left: tuple[tuple[BackupSet, str], ...]
    seal: Seal
    keep_old: bool = False
    elsewhere: tuple[str, ...] = ()
    """Remotes that have sets as they were before, with what keeps them there. They go once the copies have arrived
    (``push``), unless the old ones are kept here."""

    @property
    def message(self) -> str:
        """One sentence for people."""
        if not self.made and not self.removed and not self.left:
            return "Every backup is stored as it should be; nothing was changed."
        said = [f"{_count(len(self.made))} stored anew", f"{_count(len(self.removed))} of before removed"]
        if self.keep_old and self.made:
            said[1] = "those of before are still there"
        words = f"{said[0][:1].upper()}{said[0][1:]}, {said[1]}."
        if self.left:
            readable = sum(not backup.encrypted for backup, _ in self.left) if self.seal.encrypts else 0
            words += f" {_count(len(self.left))} left as before" + (
                f", {readable:,} of them readable without a key" if readable else "") + "."
        if self.elsewhere:
            words += f" As they were before they still lie in remote {' and '.join(self.elsewhere)}"
            words += "." if self.keep_old else "; they are deleted there once the new ones have arrived."
        return words


@told("backup.reseal")
def reseal(ws: Workspace, *, keep_old: bool = False, watch: Watch = SILENT) -> Resealed:
    """Store every set of this database anew that is not stored as new ones are.

    Sets that are encrypted for a key that is not at hand, damaged ones and those of the original system stay, and are
    named. ``keep_old`` only marks the old ones. Raises ``Busy``, ``NoSpace``, ``DatabaseUnreachable``, ``Cancelled``.
    """
    with hold(ws, "reseal") as held:
        recovery.recover(ws, held)
        seal = choice.effective(ws, held.database)
        if seal.encrypts:
            _forget_plain(ws)
        made, left, removed = list[BackupSet](), list[tuple[BackupSet, str]](), list[BackupSet]()
        for own in (ws, ws.application):  # the application's own data as well
            if own is not None:
                more, stays = _copy_all(own, held, seal, watch)
                made += more
                left += stays
                removed += [] if keep_old else _remove(own, held, watch)
        elsewhere = _elsewhere(ws)
    return Resealed(tuple(made), tuple(removed), tuple(left), seal, keep_old, elsewhere)


def choose(ws: Workspace, chosen: Choice, *, by: str = "") -> Choice:
    """Store, ``by`` somebody, how new sets are kept; where they are to be encrypted the records in ``.state`` go.

    Raises ``BadInput`` for what an argument or the environment decides, and for what is no public key.
    """
    fixed = {"compression": ws.seal.compression, "recipients": ws.seal.recipients}
    for part in sorted(ws.said):
        if getattr(chosen, part) != fixed[part]:
            raise BadInput(f"The {part} of backups is said by the environment or the command, and not chosen here.")
    stored = choice.save(ws.connect(), chosen, by=by)
    ws.remembered.choice = stored
    if stored.recipients:
        _forget_plain(ws)
    return stored


def open_sets(ws: Workspace) -> list[BackupSet]:
    """Give the sets that anybody who has the files can read, oldest first."""
    owner, places = lookup.seen(ws), [own.catalog for own in (ws, ws.application) if own is not None]
    return [backup for catalog in places for backup in owner.at_hand(catalog.sets(fresh=False))
            if backup.parts and not backup.encrypted]


def _forget_plain(ws: Workspace) -> None:
    from backup_engine.repository import history_index  # needs numpy, which a command that only lists need not load

    history_index.forget_records(ws)


def _copy_all(
    ws: Workspace, held: Hold, seal: Seal, watch: Watch
) -> tuple[list[BackupSet], list[tuple[BackupSet, str]]]:
    made, left = list[BackupSet](), list[tuple[BackupSet, str]]()
    sets = lookup.of(ws, held.need_database()).at_hand(ws.catalog.sets())
    copies = {backup.reseals: backup for backup in sets if backup.state == "complete" and _is_as(backup, seal)}
    # full sets first: what rests on one has to name the copy
    for backup in sorted(sets, key=lambda known: known.kind != "full"):
        if backup.state == "newer" or _is_as(backup, seal) or not backup.parts:
            continue
        if backup.state != "complete":
            left.append((backup, "of the original system" if backup.state == "legacy" else backup.state))
            continue
        try:
            copy = copies.get(backup.backup_id) or _copy_of(ws, held, backup, copies, watch)
        except (Cancelled, NoSpace):
            raise
        except BackupError as problem:
            left.append((backup, problem.message))
            continue
        if copy.reseals not in copies:
            copies[copy.reseals] = copy
            made.append(copy)
        reach("S1")
        if not backup.superseded:
            ws.catalog.amend(ws.catalog.find(backup.backup_id), superseded=copy.backup_id)
        reach("S2")
    return made, left


def _copy_of(
    ws: Workspace, held: Hold, backup: BackupSet, copies: dict[str, BackupSet], watch: Watch
) -> BackupSet:
    held.check()
    base = None
    if backup.kind == "differential":
        base = copies.get(str(backup.base)) or ws.catalog.base_of(backup)
    copy = copy_set(ws, held, backup, base, watch=watch)
    ledger.remember(ws.storage, copy, 2, True, ws.clock())
    return copy


def _remove(ws: Workspace, held: Hold, watch: Watch) -> tuple[BackupSet, ...]:
    """Remove what is superseded by a set whose files are sound; differentials before the full sets they rest on."""
    sets = ws.catalog.sets()
    by_id = {backup.backup_id: backup for backup in sets}
    gone: list[BackupSet] = []
    for backup in sorted((known for known in sets if known.superseded), key=lambda known: known.kind == "full"):
        copy = by_id.get(str(backup.metadata.get("superseded")))
        if any(known.base == backup.backup_id and not known.superseded for known in sets):
            continue  # one that stays as it was rests on it
        if copy is None or copy.reseals != backup.backup_id or not verify(ws, copy, 1, watch=watch, remember=False).ok:
            continue
        held.check()
        watch.step("Removing backups of before", len(gone))
        ws.catalog.remove(backup)
        gone.append(backup)
        reach("S3")
    return tuple(gone)


def _elsewhere(ws: Workspace) -> tuple[str, ...]:
    """The remotes that have the original of a copy."""
    places = [own.catalog for own in (ws, ws.application) if own is not None]
    originals = {name for catalog in places for backup in catalog.sets() for name in backup.originals}
    there = [name for name, line in offsite.awaited(ws).items() if originals & line.sent.keys()]
    locks = {name: remote.lock for name, remote in registry.known(ws).items() if remote.lock}
    return tuple(f"{name} (which lets nothing be deleted before its time: {locks[name]})" if name in locks else name
                 for name in there)


def _is_as(backup: BackupSet, seal: Seal) -> bool:
    codec: object = backup.metadata.get("codec")
    if backup.state != "complete" or not isinstance(codec, dict):
        return False
    recipients = codec.get("recipients")
    return codec.get("compression") == seal.compression and set(recipients or ()) == set(seal.recipients) and (
        backup.encrypted == seal.encrypts)


def _count(number: int) -> str:
    return "1 backup" if number == 1 else f"{number:,} backups"

