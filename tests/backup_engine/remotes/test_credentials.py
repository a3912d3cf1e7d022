"""Where the secrets of a remote come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import BadInput
from backup_engine.remotes.address import parse
from backup_engine.remotes.credentials import of

S3 = {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "hush"}


def test_from_the_environment_under_a_prefix() -> None:
    environment = {f"LAB_{name}": value for name, value in S3.items()} | {"AWS_ACCESS_KEY_ID": "other"}

    assert of(parse("s3://backups/x?credentials=env:LAB"), environment) == S3


def test_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "login"
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in S3.items()))
    path.chmod(0o600)

    assert of(parse(f"s3://backups/x?credentials=file:{path}"), {}) == S3


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "login"
    path.write_text('ACCESS_KEY_ID = "k"\nSECRET_ACCESS_KEY = "hush"\n')
    path.chmod(mode)

    with pytest.raises(BadInput, match="chmod 600") as refused:
        of(parse(f"s3://backups/x?credentials=file:{path}"), {})
    assert "hush" not in str(refused.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("hush hush")
    broken.chmod(0o600)

    for path in (tmp_path / "missing", tmp_path, broken):
        with pytest.raises(BadInput) as refused:
            of(parse(f"s3://backups/x?credentials=file:{path}"), {})
        assert "hush" not in str(refused.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(BadInput, match="AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"):
        of(parse("s3://backups/x"), {"AWS_ACCESS_KEY_ID": "k"})
    with pytest.raises(BadInput, match="AZURE_STORAGE_ACCOUNT_NAME"):
        of(parse("az://backups/x"), {"AZURE_STORAGE_ACCOUNT_KEY": "k"})


def test_roles_and_public_places_need_none() -> None:
    assert of(parse("s3://backups/x?credentials=instance-role"), {}) == {}
    assert of(parse("s3://backups/x?credentials=none"), {}) == {}
    assert of(parse("file:///x"), {}) == {}
