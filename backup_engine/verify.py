"""Proving that stored bytes are still the bytes that were written.

Level 0 is the listing: metadata intact, files present and of the right size. Level 1 hashes the files. Level 2 decodes
every row and compares content, as before any restore. Whatever is found is named: file, block of rows, and what can
still be brought back. Level 3, the drill, lies in ``drill``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from backup_engine.csv_format.blocks import BLOCK_ROWS
from backup_engine.csv_format.reader import ReadBack, read_back
from backup_engine.csv_format.seal import KEY_HINT
from backup_engine.deeds import measured
from backup_engine.errors import (
    BackupError,
    BackupFileNotFound,
    BadInput,
    Cancelled,
    KeyNeeded,
    PermissionDenied,
    VerificationFailed,
)
from backup_engine.keys.signing import is_signed_by
from backup_engine.model import SILENT, BackupSet, Part, Watch
from backup_engine.ownership import lookup
from backup_engine.records.content_sum import Content
from backup_engine.repository import companions, contents, ledger, legacy
from backup_engine.repository.damage import Damage, Report, Verification, error_of
from backup_engine.workspace import Workspace

__all__ = ["Damage", "Report", "Verification", "error_of", "freshness", "require", "verify", "verify_all",
           "with_companion"]

CHUNK = 1 << 20
STALE_AFTER = timedelta(hours=26)
"""A daily backup that is two hours late is late."""
LONGEST_HOURS = 366 * 24


@dataclass
class _Bases:
    """What was looked at so far: many differentials rest on one full set, and many lists name one set beside them."""

    sets: dict[str | None, BackupSet] = field(default_factory=dict)
    damages: dict[tuple[str, str], list[Damage]] = field(default_factory=dict)
    """What level 1 found, by id and collection."""
    beside: dict[tuple[str, int], Verification] = field(default_factory=dict)
    """Sets of the application's own data, by id and level."""


@measured("verify")
def verify(
    ws: Workspace, backup: BackupSet, level: int = 1, *, keys: Collection[str] | None = None, watch: Watch = SILENT,
    remember: bool = True, companion: bool = True,
) -> Verification:
    """Check one set, or only some of its collections, at level 0, 1 or 2. Damage is reported, not raised.

    With the whole of it the set of the application's own data that was made with it, unless ``companion`` says no.
    Raises ``WrongKey`` when it is encrypted for a key that is not there, ``BadInput`` for another level.
    """
    if level not in (0, 1, 2):
        raise BadInput(f"Level {level!r:.40} does not exist: use 0, 1 or 2 (a drill is level 3).")
    bases = _Bases()
    outcome = _verify(ws, backup, level, keys, bases, watch)
    if remember and keys is None and level and (trouble := _remember(ws, [outcome], bases)):
        outcome = replace(outcome, notes=(*outcome.notes, trouble))
    if not companion or keys is not None:
        return outcome
    return with_companion(ws, outcome, remember=remember, watch=watch)


def require(
    ws: Workspace, backup: BackupSet, level: int = 2, *, keys: Collection[str] | None = None, watch: Watch = SILENT
) -> Verification:
    """Go on only with a sound set.

    Raises ``BackupFileNotFound``, ``NewerFormat``, ``WrongKey`` or ``VerificationFailed``, naming what is wrong.
    """
    outcome = verify(ws, backup, level, keys=keys, watch=watch, companion=False)
    if not outcome.ok:
        raise error_of(outcome)
    return outcome


def verify_all(ws: Workspace, level: int = 1, *, watch: Watch = SILENT) -> Report:
    """Check every set, newest first, and whether the newest is recent enough. One bad set does not stop the rest.

    So is what the application keeps: with the sets it was saved with, and what goes with none, such as the safety sets
    of its restores, apart. Encrypted sets that no key at hand opens are checked at level 1, and the report says so: it
    is not ``ok`` then.
    """
    sets, bases, own = ws.catalog.sets(), _Bases(), ws.application
    outcomes, trouble = _verify_each(ws, sets, level, _Bases(), watch, beside=bases)
    if own is None or ws.annex is None:
        return Report(tuple(outcomes), freshness(ws), tuple(filter(None, [trouble])), level)
    kept = own.catalog.sets()
    named = {found.backup_id for found in map(companions.finder(kept), sets) if found is not None}
    apart, more = _verify_each(own, [each for each in kept if each.backup_id not in named], level, bases, watch)
    said = f"{len(apart):,} of them of {ws.annex.about.called} alone" if apart else ""
    return Report(tuple(outcomes), freshness(ws), tuple(filter(None, [trouble, more, said])), level, tuple(apart))


def _verify_each(
    ws: Workspace, sets: Sequence[BackupSet], level: int, bases: _Bases, watch: Watch, beside: _Bases | None = None
) -> tuple[list[Verification], str]:
    """Check these, newest first, as deep as the keys allow, with what goes ``beside`` them; gives the outcomes, and why
    they could not be noted."""
    outcomes, trouble = list[Verification](), ""

    def checked(backup: BackupSet, level: int) -> Verification:
        outcome = _verify(ws, backup, level, None, bases, watch)
        return outcome if beside is None else with_companion(ws, outcome, beside, watch=watch)

    try:
        for backup in reversed(sets):
            try:
                outcomes.append(checked(backup, level))
            except Cancelled:
                raise
            except KeyNeeded:
                outcomes.append(checked(backup, 1))
            except BackupError as error:
                outcomes.append(Verification(backup, level, (Damage("", "", "key", error.message),)))
    finally:
        # A key that is not there says nothing about the set.
        if outcomes:
            trouble = _remember(ws, [outcome for outcome in outcomes if outcome.level and not any(
                damage.kind == "key" for damage in outcome.problems)], bases)
    return outcomes, trouble


def freshness(ws: Workspace) -> str:
    """Say that the newest backup is too old (or that there is none); empty when it is recent enough.

    Too old is more than 26 hours, or twice the interval it was made for where that is longer.
    """
    owner = lookup.shown(ws)
    last = ws.catalog.last(owner.owns, continuous=True)
    if last is None:
        return f"there is no backup: {ws.catalog.why_empty(owner.may_restore, advice=False)}"
    interval = last.metadata.get("backup_interval_hours")
    # Anybody may have edited the metadata; a schedule may come once a year.
    hours = interval if isinstance(interval, (int, float)) and 0 < interval <= LONGEST_HOURS else 0
    age = ws.clock() - last.started
    if age <= max(STALE_AFTER, timedelta(hours=2 * hours)):
        return ""
    return f"the newest backup, {last.label}, is {age.total_seconds() / 3600:,.0f} hours old"


def _verify(
    ws: Workspace, backup: BackupSet, level: int, keys: Collection[str] | None, bases: _Bases, watch: Watch
) -> Verification:
    chosen = [part for key, part in backup.parts.items() if keys is None or key in keys]
    problems = [*_whole(backup, level), *_unsigned(ws, backup)]
    notes: tuple[str, ...] = ()
    if backup.state == "legacy":
        notes = ("unverifiable (legacy)",)
        problems += [damage for part in chosen for damage in _legacy_part(ws, backup, part, level, watch)]
    elif level and backup.state in ("complete", "damaged"):
        problems += [damage for part in chosen for damage in _part(ws, backup, part, level, bases, watch)]
    return Verification(backup, level, tuple(problems), notes)


def with_companion(
    ws: Workspace, outcome: Verification, bases: _Bases | None = None, *, remember: bool = True, watch: Watch = SILENT
) -> Verification:
    """Check what was made with a set as well, as deep as ``outcome`` looked; it has a ledger of its own, for the list
    is no worse for it."""
    own, backup, bases = ws.application, outcome.backup, bases or _Bases()
    if own is None or ws.annex is None or not backup.companion:
        return outcome
    found, called = companions.of(ws, backup), ws.annex.about.called
    if found is None:
        return replace(outcome, beside=(Damage("", "", "missing", companions.trouble(ws, backup)),))
    try:
        place = (found.backup_id, outcome.level)
        checked = bases.beside.get(place) or _verify(own, found, outcome.level, None, bases, watch)
    except Cancelled:
        raise
    except BackupError as error:  # a key that is not there says nothing about the set
        return replace(outcome, beside=(Damage("", "", "key", f"{called}: {error.message}"),))
    known = place in bases.beside
    bases.beside[place] = checked
    trouble = _remember(own, [checked], bases) if remember and outcome.level and not known else ""
    said = tuple(replace(damage, message=f"{called}: {damage.message}") for damage in checked.problems)
    counts = ", ".join(f"{count:,} {key}" for key, count in found.counts.items())
    notes = () if said else (f"with {called}: {counts}",)
    return replace(outcome, beside=said, notes=(*outcome.notes, *notes, *filter(None, [trouble])))


def _whole(backup: BackupSet, level: int) -> list[Damage]:
    """What the listing knows to be wrong with the set as a whole."""
    if backup.state == "newer":
        return [Damage("", backup.metadata_file, "newer", backup.problem)]
    described = any(part.stored_sha256 for part in backup.parts.values())
    if backup.state == "damaged" and backup.problem.startswith(BackupFileNotFound.opening):
        return [] if described and level else [Damage("", "", "missing", backup.problem)]
    if backup.state == "orphan" or (backup.state == "damaged" and not described):
        return [Damage("", backup.metadata_file, "metadata", backup.problem)]
    if backup.state == "damaged" and level == 0:
        return [Damage("", "", "changed", backup.problem)]
    return []


def _unsigned(ws: Workspace, backup: BackupSet) -> list[Damage]:
    """What was asked to be signed and is not, the full set of a differential included."""
    if not ws.signed_by:
        return []
    if not is_signed_by(backup.metadata, ws.signed_by):
        return [Damage("", backup.metadata_file, "signature", f"backup {backup.label} is not signed by {ws.signed_by}")]
    try:
        base = ws.catalog.base_of(backup)
    except VerificationFailed:  # which is said for each of its files
        return []
    if is_signed_by(base.metadata, ws.signed_by):
        return []
    words = f"the full backup {base.label} it rests on is not signed by {ws.signed_by}"
    return [Damage("", base.metadata_file, "signature", words)]


def _part(ws: Workspace, backup: BackupSet, part: Part, level: int, bases: _Bases, watch: Watch) -> list[Damage]:
    if not part.stored_sha256:
        return []
    own = _stored(ws, backup, part, level, watch)
    if backup.kind != "differential":
        return own
    try:
        base = bases.sets.get(backup.base) or ws.catalog.base_of(backup)
    except VerificationFailed as error:
        return [*own, Damage(part.key, "", "base", error.detail)]
    if part.key not in base.parts:
        return [*own, Damage(part.key, "", "base", f"the full backup {base.label} has no {part.key}")]
    bases.sets[backup.base] = base
    place = (base.backup_id, part.key)
    if place not in bases.damages:
        bases.damages[place] = _stored(ws, base, base.parts[part.key], 1, watch)
    below = bases.damages[place]
    problems = [*own, *(_in_base(base, damage) for damage in below)]
    return problems if problems or level < 2 else _combined(ws, backup, part, watch)


def _in_base(base: BackupSet, damage: Damage) -> Damage:
    return replace(damage, kind="base", message=f"in the full backup {base.label}: {damage.message}")


def _stored(ws: Workspace, backup: BackupSet, part: Part, level: int, watch: Watch) -> list[Damage]:
    """Compare one file with what its metadata promises."""
    name = str(part.file)
    try:
        # Only where the hash differs is the file decoded as well, to name the rows.
        if level == 1 and _sha256(ws, backup, part, watch) == part.stored_sha256:
            return []
        with ws.catalog.open_part(backup, part.key) as source:
            reading = read_back(source, part.as_file, seal=ws.seal, workers=ws.workers, watch=watch)
    except BackupFileNotFound as error:
        return [Damage(part.key, name, "missing", error.message)]
    except Cancelled:
        raise
    except VerificationFailed as error:
        return [Damage(part.key, name, "changed", f"the file was changed: {name} ({error.detail})")]
    except PermissionDenied as error:
        return [Damage(part.key, name, "unreadable", error.message)]
    except BackupError:
        if level == 2:
            raise
        # The hash, which needs no key, has shown it already.
        return [Damage(part.key, name, "changed", f"the file was changed: {name}")]
    return _differences(part, reading, level)


def _differences(part: Part, reading: ReadBack, level: int) -> list[Damage]:
    if level == 2 and not reading.decoded:
        raise KeyNeeded("the file is encrypted and no key was given", hint=KEY_HINT)
    total = part.as_file.records
    damaged = reading.bad_blocks or reading.bad_rows or reading.problem
    if damaged or reading.stored_sha256 != part.stored_sha256:
        return [_changed(part, reading, total)]
    if reading.content.matches(part.as_file) or not reading.decoded:
        return []
    words = f"{part.file} holds {reading.content.records:,} rows with other content than its metadata promises"
    return [Damage(part.key, str(part.file), "count" if reading.content.records != total else "changed", words)]


def _changed(part: Part, reading: ReadBack, total: int) -> Damage:
    """Name the blocks that differ; row numbers count from 1, without the header."""
    blocks = {*reading.bad_blocks, *((bad.row - 1) // BLOCK_ROWS for bad in reading.bad_rows)}
    # A block behind the last promised row counts as damage of one row, of which nothing is lost.
    spans = tuple((block * BLOCK_ROWS + 1, max(block * BLOCK_ROWS + 1, min((block + 1) * BLOCK_ROWS, total)))
                  for block in sorted(blocks))
    lost = sum(last - first + 1 for first, last in spans if first <= total)
    words = f"the file was changed: {part.file}"
    if not reading.decoded:
        return Damage(part.key, str(part.file), "changed", words)
    if not spans:
        return Damage(part.key, str(part.file), "changed", f"{words}; every row can still be read", (), total)
    where = ", ".join(f"{first:,}–{last:,}" for first, last in spans)
    rest = f"rows {where}; {total - lost:,} of {total:,} rows lie in sound blocks"
    return Damage(part.key, str(part.file), "changed", f"{words}, {rest}", spans, total - lost)


def _combined(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> list[Damage]:
    """A differential and its full set together must give exactly what was in the database."""
    try:
        content = Content.of_batches(contents.documents(ws, backup, part.key, watch=watch))
    except (VerificationFailed, BackupFileNotFound) as error:
        return [Damage(part.key, str(part.file), "base", error.message)]
    if content.matches(part):
        return []
    words = f"with its full backup it gives {content.records:,} {part.key} records, not the {part.records:,} saved"
    return [Damage(part.key, str(part.file), "base", words)]


def _legacy_part(ws: Workspace, backup: BackupSet, part: Part, level: int, watch: Watch) -> list[Damage]:
    if part.file is None:
        words = f"Backup file not found: no file for {part.records:,} {part.key} records"
        return [Damage(part.key, "", "missing", words)] if part.records else []
    try:
        if level < 2:
            ws.catalog.open_part(backup, part.key).close()
            return []
        count = 0
        for number, _ in legacy.open_table(lambda: ws.catalog.open_part(backup, part.key)).rows:
            count = number
            if number % BLOCK_ROWS == 0:
                watch.step("Reading the backup", number, part.records)
    except BackupFileNotFound as error:
        return [Damage(part.key, part.file, "missing", error.message)]
    except BackupError as error:
        if isinstance(error, Cancelled):
            raise
        return [Damage(part.key, part.file, "unreadable", f"{part.file}: {error.detail}")]
    if count == part.records:
        return []
    words = f"{part.file} holds {count:,} rows, its metadata says {part.records:,}"
    return [Damage(part.key, part.file, "count", words, readable=count)]


def _sha256(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> str:
    hasher = hashlib.sha256()
    done = 0
    with ws.catalog.open_part(backup, part.key) as source:
        while chunk := source.read(CHUNK):
            hasher.update(chunk)
            done += len(chunk)
            watch.step(f"Checking {part.file}", done, part.stored_bytes)
    return hasher.hexdigest()


def _remember(ws: Workspace, outcomes: Sequence[Verification], bases: _Bases) -> str:
    """Note it in the ledger; says why that failed: a folder that cannot be written does not spoil a verification."""
    known = {backup.backup_id for backup in ws.catalog.sets()}  # what the ledger says of deleted sets goes
    noted = [(outcome.backup, outcome.level, not outcome.problems) for outcome in outcomes]
    # of a full set below a differential only damage: nothing more may rest on it, whoever found it
    damaged = {backup_id for (backup_id, _), damages in bases.damages.items() if damages}
    noted += [(base, 1, False) for base in bases.sets.values() if base.backup_id in damaged]
    try:
        ledger.remember_all(ws.storage, noted, ws.clock(), known)
    except BackupError as problem:
        return f"not noted as verified: {problem.detail}"
    return ""
