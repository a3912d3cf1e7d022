"""What the operating system says becomes an error that says what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from backup_engine.errors import BackupError, BackupFileNotFound, NoSpace, PermissionDenied
from backup_engine.storage.disk_errors import disk_errors, is_refusal
from backup_engine.storage.mounts import mount_of


def said(code: int, where: str) -> BackupError:
    with pytest.raises(BackupError) as caught, disk_errors(where):
        raise OSError(code, os.strerror(code))
    return caught.value


@pytest.mark.parametrize(("code", "kind", "refusal", "names_mount"), [
    (errno.EROFS, PermissionDenied, True, True),
    (errno.EACCES, PermissionDenied, True, False),
    (errno.EPERM, PermissionDenied, True, False),
    (errno.ENOSPC, NoSpace, False, False),
    (errno.EDQUOT, NoSpace, False, False),
    (errno.ELOOP, PermissionDenied, False, False),
    (errno.ENOENT, BackupFileNotFound, False, False),
    (errno.ENOTCONN, BackupError, False, True),
    (errno.ESTALE, BackupError, False, True),
    (errno.EIO, BackupError, False, False),
])
def test_each_fault_has_its_error(
    tmp_path: Path, code: int, kind: type[BackupError], refusal: bool, names_mount: bool
) -> None:
    error = said(code, str(tmp_path))

    assert type(error) is kind
    assert str(tmp_path) in error.message
    assert is_refusal(error) is refusal
    assert (str(mount_of(tmp_path)) in error.message) is names_mount


def test_a_name_that_is_taken_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), disk_errors(str(tmp_path)):
        raise FileExistsError("x")
