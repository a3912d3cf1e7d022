"""Whatever happens to the files of a set, it is noticed, and the damage is named.

The matrix is file × damage × way of storing. ``TEST_ROUNDS`` multiplies the bits that are flipped.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupFileNotFound, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.verify import require, verify
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import age_seal, file_of, flip, folder, records, store

ROUNDS = int(os.environ.get("TEST_ROUNDS", "1"))
KEYS = ("equipment", "select_options")
SEALS = {"plain": Seal(), "gz": Seal("gzip"), "zst": Seal("zstd"), "age": age_seal(), "zst.age": age_seal("zstd")}
BLOCK = 10_000
KIB = 1024
Damage = Callable[[Path, Path], None]


def rewrite(change: Callable[[bytes], bytes]) -> Damage:
    """Change the bytes of the file."""

    def damage(path: Path, _: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return damage


def without_last_row(data: bytes) -> bytes:
    """Take the last line off (of a compressed file: whatever follows its last line feed)."""
    return data[: data.rstrip(b"\r\n").rfind(b"\n") + 1]


def zeroed(data: bytes) -> bytes:
    """Keep the size, lose the middle: what a crash of a file system leaves."""
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third:]


def missing(path: Path, _: Path) -> None:
    """Delete the file."""
    path.unlink()


def exchanged(path: Path, other: Path) -> None:
    """Swap the set's two files under each other's names."""
    keep = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(keep)


def renamed(path: Path, _: Path) -> None:
    """Move the file away."""
    path.rename(path.with_name(path.name.replace("_backup_", "_backup-")))


def folder_instead(path: Path, _: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


def link_instead(path: Path, _: Path) -> None:
    """Put a link to the very file in its place."""
    path.rename(path.with_name("x"))
    path.symlink_to(path.with_name("x"))


DAMAGES: dict[str, Damage] = {
    "missing": missing,
    "empty": rewrite(lambda data: b""),
    "one byte less": rewrite(lambda data: data[:-1]),
    "half of it": rewrite(lambda data: data[: len(data) // 2]),
    "last row off": rewrite(without_last_row),
    "one byte more": rewrite(lambda data: data + b"\n"),
    "a row more": rewrite(lambda data: data + data[-60:]),
    "middle zeroed": rewrite(zeroed),
    "files exchanged": exchanged,
    "renamed": renamed,
    "a folder instead": folder_instead,
    "a link instead": link_instead,
}


def noticed(ws: Workspace, backup: BackupSet) -> bool:
    """Whether listing or hashing says that this set is not what it was, and a restore would refuse it."""
    listed = ws.catalog.find(backup.backup_id)
    verifications = [verify(ws, listed, level) for level in (1, 2)]
    with pytest.raises((VerificationFailed, BackupFileNotFound)) as refused:
        require(ws, listed, 2)
    assert "Traceback" not in str(refused.value)
    return not any(verification.ok for verification in verifications)


@pytest.mark.parametrize("how", SEALS)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("key", KEYS)
def test_damage_is_noticed_and_the_file_named(tmp_path: Path, how: str, damage: str, key: str) -> None:
    ws, _ = folder(tmp_path, seal=SEALS[how])
    backup = store(ws, 40, records(40, start=40))
    other_key = KEYS[1 - KEYS.index(key)]
    name = file_of(ws, backup, key).name

    DAMAGES[damage](file_of(ws, backup, key), file_of(ws, backup, other_key))

    assert noticed(ws, backup)
    verification = verify(ws, ws.catalog.find(backup.backup_id), 1)
    assert name in {problem.file for problem in verification.problems}
    assert damage == "files exchanged" or {problem.key for problem in verification.problems} == {key}


@pytest.mark.parametrize("how", SEALS)
@pytest.mark.parametrize("key", KEYS)
def test_file_of_another_set_with_equal_counts(tmp_path: Path, how: str, key: str) -> None:
    ws, clock = folder(tmp_path, seal=SEALS[how])
    first = store(ws, 40, 40)
    clock.pass_by(hours=1)
    second = store(ws, records(40, start=1), records(40, start=1))
    assert first.counts == second.counts

    shutil.copyfile(file_of(ws, first, key), file_of(ws, second, key))

    assert noticed(ws, second)
    assert verify(ws, first, 2).ok


@pytest.mark.parametrize("how", SEALS)
def test_one_bit_in_every_kib(tmp_path: Path, how: str) -> None:
    ws, _ = folder(tmp_path, seal=SEALS[how])
    backup = store(ws, 400)
    path = file_of(ws, backup)
    whole = path.read_bytes()
    choose = random.Random(how)
    missed = []

    for start in [*range(0, len(whole), KIB)] * ROUNDS:
        position = min(start + choose.randrange(KIB), len(whole) - 1)
        flip(path, position, choose.randrange(8))
        verification = verify(ws, backup, choose.choice((1, 2)), remember=False)
        if verification.ok or (how == "plain" and verification.problems[0].rows != ((1, 400),)):
            missed.append((position, verification))
        path.write_bytes(whole)

    assert missed == []
    assert verify(ws, backup, 2).ok


def test_a_bit_in_every_block_of_a_long_file_names_that_block(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, 3 * BLOCK, 0)
    path = file_of(ws, backup)
    whole = path.read_bytes()

    for row in (0, BLOCK - 1, BLOCK, 3 * BLOCK - 1):
        block = row // BLOCK
        flip(path, whole.index(f",{row:06d},".encode()) + 3, 1)
        (damage,) = verify(ws, backup, 1, remember=False).problems
        path.write_bytes(whole)

        assert damage.rows == ((block * BLOCK + 1, (block + 1) * BLOCK),)
        assert damage.readable == 2 * BLOCK


def test_saved_by_a_spreadsheet(tmp_path: Path) -> None:
    """LF becomes CR LF and back, quotes go, zeros go: the words are those for a file that was changed."""
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup)
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b",0000", b","))

    with pytest.raises(VerificationFailed, match=r"Backup verification failed: the file was changed") as refused:
        require(ws, ws.catalog.find(backup.backup_id), 1)

    assert "import it as a list" in refused.value.hint


def test_control_without_damage_everything_passes(tmp_path: Path) -> None:
    for how, seal in SEALS.items():
        ws, _ = folder(tmp_path / how, seal=seal)
        backup = store(ws, 40, 40)

        assert verify(ws, backup, 1).ok and verify(ws, backup, 2).ok
