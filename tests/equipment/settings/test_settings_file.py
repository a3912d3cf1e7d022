"""The settings file: nothing is lost in it, nobody else reads it, and one that others could have written is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backup_engine.errors import BadInput, PermissionDenied
from equipment.settings import Settings, file_of, installed, is_current, settings_file, write_file

ODD = 'sp ace %d "quoted" \\back\\ \'single\' ü \U0001f600 \x7f'


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(
        mongodb_uri="mongodb://ada:hun%22ter2@h/", backup_folder=tmp_path / ODD, data_folder=tmp_path / "data",
        oidc_roles='{"lab-admins": "admin"}', oidc_default_role="user", embedded_database=False, session_days=3.5,
        admin_user="ada", admin_password="hunter3", health_token="0123456789abcdef",
    )


def test_what_is_written_is_what_is_in_force(chosen: Settings) -> None:
    path = write_file(chosen)

    assert installed(path) == chosen.model_copy(update={"admin_user": "", "admin_password": None, "health_token": None})
    assert is_current(chosen)
    assert not is_current(chosen.model_copy(update={"backup_keep_days": 9}))


def test_only_its_owner_may_read_it_and_no_draft_stays(chosen: Settings) -> None:
    before = os.umask(0)
    try:
        path = write_file(chosen)
        write_file(chosen)
    finally:
        os.umask(before)

    assert path == file_of(chosen)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert "hunter3" not in path.read_text()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o644])
def test_a_file_open_to_others_is_refused(chosen: Settings, mode: int) -> None:
    path = write_file(chosen)
    path.chmod(mode)

    with pytest.raises(BadInput, match="is open to others") as caught:
        installed(path)
    assert caught.value.hint == f"chmod 600 {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(chosen: Settings) -> None:
    path = write_file(chosen)
    os.chown(path, 12345, 12345)

    with pytest.raises(BadInput, match="belongs to somebody else"):
        installed(path)


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(("make", "words"), [
    (lambda path: None, "cannot be read: No such file"), (lambda path: path.mkdir(), "Is a directory"),
    (pipe, "is no file"), (lambda path: path.write_bytes(b"= 1"), "no TOML"),
    (lambda path: path.write_bytes(b"\xff\xfe\x00"), "no TOML"),
    (lambda path: path.write_text('MONGODB_URL = "mongodb://u:hunter2@h/"'), "no option: MONGODB_URL"),
    (lambda path: path.write_text("BACKUP_INTERVAL_HOURS = 0"), "BACKUP_INTERVAL_HOURS"),
])
def test_what_cannot_be_used_is_refused_without_its_content(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "settings.toml"
    make(path)  # type: ignore[operator]
    if path.exists():
        path.chmod(0o600)

    with pytest.raises(BadInput, match=words) as caught:
        installed(path)
    assert "hunter2" not in str(caught.value)


def test_a_byte_order_mark_of_an_editor_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings_file.write(path, {})
    path.write_bytes(b'\xef\xbb\xbfMONGODB_DATABASE = "Lab"\n')

    assert installed(path).mongodb_database == "Lab"


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PermissionDenied, match="cannot be written"):
        settings_file.write(tmp_path / "file" / "settings.toml", {})


def test_a_folder_named_in_the_file_is_the_home_of_an_installed_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, elsewhere = tmp_path / "site-packages", tmp_path / "home"
    code.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr("equipment.settings.places.ROOT", code)
    settings_file.write(tmp_path / "settings.toml", {"EQUIPMENT_HOME": str(elsewhere)})

    assert installed(tmp_path / "settings.toml").backup_folder == elsewhere / "restore_data_to_db"
