"""Which of the backups that lie somewhere is recovered: the newest good pair of list and application data.

A pair is a set of the list and the set of the application's own data that was made with it, in the same instant. What
is newer and no good is named with the reason. A line of backups with a gap in it is a warning; a set that claims to be
so many further that no waiting for a remote explains it is not taken by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from backup_engine.errors import NoBackupsFound
from backup_engine.keys.signing import is_signed_by
from backup_engine.model import BackupSet
from backup_engine.ownership.owner import called
from backup_engine.repository import companions
from backup_engine.workspace import Workspace

__all__ = ["Choice", "Pair", "Skipped", "choose", "line_warnings"]

AT_HAND = 8
"""Good pairs that are looked for: the one to recover, three to show, and some for when its bytes turn out damaged."""
SHOWN_BEFORE = 3
MOST_MISSING = 7_200
"""Numbers that may be missing before a set that is taken by itself: 30 days of waiting for a remote
(``queue.AWAITED_DAYS``) at the shortest interval, 0.1 h."""
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """What is recovered together."""

    backup: BackupSet
    own: BackupSet | None = None
    """The set of the application's own data; None where there is none to be had."""
    lacks: str = ""
    """Why there is none, in words; empty where it is there."""
    host: str = ""
    """The machine that sent it, where that is known."""
    signed_by: str = ""
    """The public key whose valid signature it bears; empty where it bears none."""

    @property
    def encrypted(self) -> bool:
        """Whether an identity or a passphrase is needed to read it."""
        return self.backup.encrypted or (self.own is not None and self.own.encrypted)


@dataclass(frozen=True)
class Skipped:
    """A set that is newer than the one to recover, and why it is not that."""

    backup: BackupSet
    why: str


@dataclass(frozen=True)
class Choice:
    """The good pairs, newest first, what was passed over, and what a person should know."""

    pairs: tuple[Pair, ...]
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()


def choose(
    there: Workspace, hosts: Mapping[str, str], *, at: datetime | str | None = None, of: str = ""
) -> Choice:
    """Choose among what lies in a workspace; ``hosts`` names the sending machine by ``backup_id``.

    ``at`` is a moment that must not be passed, or the label or id of the very set that is meant; ``of`` the database,
    by its name or the beginning of its id. Raises ``NoBackupsFound``, saying what is wrong with what lies there.
    """
    meant = isinstance(at, str)
    everything = [backup for backup in there.catalog.sets()
                  if meant or backup.trigger not in ("pre_restore", "imported")]
    sets = [backup for backup in everything if _is_wanted(backup, at, of)]
    resealed = {name for backup in everything if backup.usable for name in backup.originals}
    usable = [backup for backup in reversed(sets) if backup.usable and backup.backup_id not in resealed]
    skipped = [Skipped(backup, backup.problem or backup.state) for backup in sets if not backup.usable]
    warnings = list[str]()
    if there.signed_by:
        skipped += [Skipped(backup, f"it is not signed by {there.signed_by}") for backup in usable
                    if not is_signed_by(backup.metadata, there.signed_by)]
        usable = [backup for backup in usable if is_signed_by(backup.metadata, there.signed_by)]
    elif not meant:
        usable, ahead = _plausible(usable)
        skipped += ahead
    if usable and not of:
        usable, warnings = _of_one_database(usable)
    usable, broken = _whole(everything, usable)
    skipped += broken
    pairs, halves = _pairs(there, usable, hosts, meant)
    skipped += halves if pairs else []
    pairs = pairs or [_pair(there, half.backup, hosts, half.why) for half in halves[:AT_HAND]]
    if not pairs:
        raise NoBackupsFound(_why_none(there, everything, sets, skipped, at, of),
                             hint="Name another place, or another moment with --at.")
    newest, oldest = pairs[0].backup, pairs[:SHOWN_BEFORE + 1][-1].backup
    newer = [each for each in skipped if each.backup.rank > newest.rank or each.backup.started > newest.started]
    newer.sort(key=lambda each: each.backup.started, reverse=True)
    rest = [each for each in skipped if each not in newer and (
        len(pairs) <= SHOWN_BEFORE or each.backup.started > oldest.started)]
    warnings += [f"backup {each.backup.label}, which is older, cannot be used: {each.why}"
                 for each in sorted(rest, key=lambda each: each.backup.started, reverse=True)[:SHOWN_BEFORE]]
    warnings += [f"{place} cannot be read: {why}" for place, why in there.catalog.unreadable.items()]
    return Choice(tuple(pairs), tuple(newer), tuple(warnings))


def line_warnings(pairs: Sequence[Pair], now: datetime) -> list[str]:
    """Say what is odd about the newest pairs as a line: gaps, numbers used twice, clocks, a signature that ends."""
    said, line = [], [pair.backup for pair in pairs[:SHOWN_BEFORE + 1]]
    newest = pairs[0]
    if newest.backup.started > now + CLOCKS_DIFFER:
        ahead = (newest.backup.started - now).total_seconds() / 3600
        said.append(f"backup {newest.backup.label} is dated {ahead:,.1f} hours ahead of this machine's clock: one of "
                    "the two clocks is wrong")
    for later, earlier in pairwise(line):
        missing = _numbers_between(earlier, later)
        if missing < 0:
            said.append(f"the numbers of the backups {earlier.label} and {later.label} do not follow each other: one "
                        "was made by a copy of the database, or after it was rolled back")
        elif missing:
            said.append(f"between the backups {earlier.label} and {later.label} {missing:,} "
                        f"{'is' if missing == 1 else 'are'} missing here: deleted, never sent, or the safety backups "
                        "of restores")
        if later.started < earlier.started:
            said.append(f"backup {later.label} comes after {earlier.label} and bears an earlier time: the clock there "
                        "was turned back")
    if len(line) > 1:
        now_in, then = (sum(backup.counts.values()) for backup in line[:2])
        if now_in < then / 2:  # as retention, which stops for it
            said.append(f"backup {newest.backup.label} holds {now_in:,} records, and the one before it {then:,}")
    signers = {pair.signed_by for pair in pairs[1:SHOWN_BEFORE + 1]} - {""}
    if signers and newest.signed_by not in signers:
        how = "signed by another key" if newest.signed_by else "not signed"
        said.append(f"backup {newest.backup.label} is {how}, and those before it are signed by {', '.join(signers)}")
    if newest.lacks:
        said.append(newest.lacks)
    return said


def _is_wanted(backup: BackupSet, at: datetime | str | None, of: str) -> bool:
    if isinstance(at, str) and at not in (backup.label, backup.backup_id):
        return False
    if isinstance(at, datetime) and backup.started > at:
        return False
    return not of or backup.database == of or (len(of) >= 4 and backup.database_id.startswith(of))


def _plausible(sets: list[BackupSet]) -> tuple[list[BackupSet], list[Skipped]]:
    """Pass over newest sets that are further ahead of the one before than any waiting explains."""
    ahead = list[Skipped]()
    for number, (later, earlier) in enumerate(pairwise(sets)):
        missing = _numbers_between(earlier, later)
        if missing <= MOST_MISSING:
            return sets[number:], ahead
        ahead.append(Skipped(later, f"it claims to come {missing:,} backups after {earlier.label}, the one before: it "
                                    "may be forged; if it is meant, name it by its label"))
    return sets[len(ahead):], ahead


def _numbers_between(earlier: BackupSet, later: BackupSet) -> int:
    """How many numbers lie between two sets; negative when there is no room for two. 0 where that cannot be told."""
    if "legacy" in (earlier.state, later.state):
        return 0
    same = bool(earlier.database_id) and earlier.database_id == later.database_id
    if same and earlier.number is not None and later.number is not None and not (earlier.reseals or later.reseals):
        return later.number - earlier.number - 1
    return max(0, later.order - earlier.order - 1)


def _of_one_database(usable: list[BackupSet]) -> tuple[list[BackupSet], list[str]]:
    """Keep those of the newest one's database: nobody wants another one's list instead."""
    def key(backup: BackupSet) -> str:
        return backup.database_id or backup.database

    newest, others = usable[0], dict[str, list[BackupSet]]()
    for backup in usable:
        if key(backup) and key(newest) and key(backup) != key(newest):
            others.setdefault(key(backup), []).append(backup)
    kept = [backup for backup in usable if key(backup) not in others]
    return kept, [f"backups of another database lie there, too: {called(sets[0])}, {len(sets):,} of them, the newest "
                  f"{sets[0].label}; --of names it" for sets in others.values()]


def _whole(
    everything: Sequence[BackupSet], usable: Sequence[BackupSet]
) -> tuple[list[BackupSet], list[Skipped]]:
    """Keep full sets and the differential ones whose full set is there."""
    by_id = {backup.backup_id: backup for backup in everything}
    whole, broken = list[BackupSet](), list[Skipped]()
    for backup in usable:
        trouble = _base_trouble(by_id, backup)
        if trouble:
            broken.append(Skipped(backup, trouble))
        else:
            whole.append(backup)
    return whole, broken


def _base_trouble(by_id: Mapping[str, BackupSet], backup: BackupSet) -> str:
    if backup.kind != "differential":
        return ""
    base = by_id.get(backup.base or "")
    if base is None:
        return f"the full backup {backup.base} it rests on is missing"
    return "" if base.state == "complete" else f"the full backup {base.label} it rests on is {base.state}"


def _pairs(
    there: Workspace, usable: Sequence[BackupSet], hosts: Mapping[str, str], meant: bool
) -> tuple[list[Pair], list[Skipped]]:
    """Give the first whole pairs, and the sets of the list among and before them that have no good companion."""
    pairs, halves = list[Pair](), list[Skipped]()
    for backup in usable:
        lacks = _companion_trouble(there, backup)
        if lacks and not meant:
            halves.append(Skipped(backup, lacks))
            continue
        pairs.append(_pair(there, backup, hosts, lacks))
        if len(pairs) == AT_HAND:
            break
    return pairs, halves


def _companion_trouble(there: Workspace, backup: BackupSet) -> str:
    own = there.application
    if there.annex is None or own is None:
        return ""
    called_so = there.annex.about.called
    if not backup.companion:
        return companions.trouble(there, backup) or f"{called_so}: not saved with backup {backup.label}"
    if trouble := companions.trouble(there, backup):
        return trouble
    found = companions.of(there, backup)
    assert found is not None  # else that would be the trouble
    if there.signed_by and not is_signed_by(found.metadata, there.signed_by):
        return f"{called_so}: their backup {found.label} is not signed by {there.signed_by}"
    trouble = _base_trouble({each.backup_id: each for each in own.catalog.sets(fresh=False)}, found)
    return f"{called_so}: {trouble}" if trouble else ""


def _pair(there: Workspace, backup: BackupSet, hosts: Mapping[str, str], lacks: str) -> Pair:
    own = None if lacks else companions.of(there, backup)
    return Pair(backup, own, lacks, hosts.get(backup.backup_id, ""), _signer_of(backup))


def _signer_of(backup: BackupSet) -> str:
    about = backup.metadata.get("signature")
    key = about.get("key") if isinstance(about, Mapping) else None
    return key if isinstance(key, str) and is_signed_by(backup.metadata, key) else ""


def _why_none(
    there: Workspace, everything: Sequence[BackupSet], sets: Sequence[BackupSet], skipped: Sequence[Skipped],
    at: datetime | str | None, of: str,
) -> str:
    where = there.storage.describe()
    if everything and not sets:
        asked = [f"of the database {of}"] if of else []
        asked += [f"called {at}" if isinstance(at, str) else f"from {at:%Y-%m-%d %H:%M} or before"] if at else []
        return f"{where} holds {len(everything):,}, and none {' '.join(asked)}"
    if skipped:
        last = skipped[-1]
        return f"{where} holds {len(skipped):,} that cannot be used, such as {last.backup.label}: {last.why}"
    return there.catalog.why_empty(advice=False)
