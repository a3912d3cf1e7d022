"""Options: where they come from, what is refused, and that tests never see an installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backup_engine.errors import BadInput
from equipment.settings import ROOT, Settings, get_settings, home, option_name, read, unknown_options, use


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    file = tmp_path / "secrets.toml"
    lines = (
        'MONGODB_DATABASE = "From_file"', "BACKUP_INTERVAL_HOURS = 2", 'EQUIPMENT_ADMIN_USER = "ada"', "[auth]", "x=1",
    )
    file.write_text("\n".join(lines))
    return file


def test_defaults_are_the_documented_ones() -> None:
    settings = read({})

    assert settings.mongodb_uri is None
    assert settings.mongodb_database == "Equipment_DB"
    assert settings.backup_folder == ROOT / "restore_data_to_db"
    assert settings.backup_interval_hours == 1
    assert settings.backup_keep_days == 7
    assert settings.data_folder == ROOT / ".data"
    assert settings.work_folder == ROOT / ".data" / "work"


def test_the_work_folder_goes_with_the_data_unless_it_is_named(tmp_path: Path) -> None:
    assert read({"EQUIPMENT_DATA_FOLDER": str(tmp_path)}).work_folder == tmp_path / "work"
    assert read({"EQUIPMENT_WORK_FOLDER": "aside"}).work_folder == ROOT / "aside"


def test_environment_comes_before_the_secrets_file(secrets_file: Path) -> None:
    settings = read({"MONGODB_DATABASE": "From_environment"}, secrets_file)

    assert settings.mongodb_database == "From_environment"
    assert settings.backup_interval_hours == 2
    assert settings.admin_user == "ada"


def test_an_empty_variable_is_no_value(secrets_file: Path) -> None:
    assert read({"MONGODB_DATABASE": "", "MONGODB_URI": ""}, secrets_file).mongodb_database == "From_file"
    assert read({"MONGODB_URI": ""}).mongodb_uri is None


@pytest.mark.parametrize("interval", ["0", "0.05", "169", "x", "nan", "inf", "-1"])
def test_interval_outside_its_bounds_is_refused_by_name(interval: str) -> None:
    with pytest.raises(BadInput, match="BACKUP_INTERVAL_HOURS"):
        read({"BACKUP_INTERVAL_HOURS": interval})


@pytest.mark.parametrize(("option", "value"), [
    ("BACKUP_SCHEDULE", "30 2 * *"), ("BACKUP_VERIFY_SCHEDULE", "0 0 30 2 *"), ("BACKUP_DRILL_SCHEDULE", "weekly"),
    ("BACKUP_TIME_ZONE", "Mars/Phobos"),
])
def test_a_schedule_that_cannot_be_used_is_refused_by_name(option: str, value: str) -> None:
    with pytest.raises(BadInput, match=option):
        read({option: value})


def test_schedules_that_are_given() -> None:
    assert read({}).backup_schedules == {}
    given = read({"BACKUP_SCHEDULE": " 30 2 * * mon ", "BACKUP_TIME_ZONE": "Europe/Berlin"})
    assert given.backup_schedules == {"backup": "30 2 * * MON", "time_zone": "Europe/Berlin"}


@pytest.mark.parametrize("name", ["a/b", "a b", "", "x" * 64, "a$b"])
def test_database_name_that_mongodb_refuses_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="mongodb_database"):
        Settings(mongodb_database=name)


def test_every_wrong_option_is_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        read({"BACKUP_INTERVAL_HOURS": "0", "EQUIPMENT_EMBEDDED_DATABASE": "perhaps"})

    assert "BACKUP_INTERVAL_HOURS" in caught.value.message
    assert "EQUIPMENT_EMBEDDED_DATABASE" in caught.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe", b"MONGODB_URI = ", b"= 1"])
def test_unreadable_secrets_file_is_said_so_without_its_content(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secrets.toml"
    file.write_bytes(content)

    with pytest.raises(BadInput, match=r"secrets\.toml cannot be read"):
        read({}, file)


def test_secrets_do_not_show_in_print_or_errors() -> None:
    settings = read({"MONGODB_URI": "mongodb://u:hunter2@h/", "EQUIPMENT_ADMIN_PASSWORD": "hunter3"})

    assert "hunter" not in f"{settings!r} {settings}"
    with pytest.raises(BadInput) as caught:
        read({"MONGODB_URI": "mongodb://u:hunter2@h/", "BACKUP_INTERVAL_HOURS": "0"})
    assert "hunter" not in str(caught.value)


@pytest.fixture
def installed_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this code believe that pip put it into an environment; gives that folder."""
    folder = tmp_path / "venv" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "app.py").touch()  # somebody else's; without .streamlit beside it this is no checkout
    monkeypatch.setattr("equipment.settings.places.ROOT", folder)
    return folder


def test_a_checkout_is_its_own_folder(tmp_path: Path) -> None:
    assert home(None) == home(tmp_path) == ROOT
    assert read({"EQUIPMENT_HOME": str(tmp_path)}).backup_folder == ROOT / "restore_data_to_db"


def test_an_installed_copy_keeps_everything_in_the_folder_it_is_told(installed_copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "home"
    elsewhere.mkdir()

    settings = read({"EQUIPMENT_HOME": str(elsewhere), "BACKUP_FOLDER": "copies"})

    assert settings.data_folder == elsewhere / ".data"
    assert settings.backup_folder == elsewhere / "copies"
    assert list(installed_copy.iterdir()) == [installed_copy / "app.py"]


def test_an_installed_copy_without_a_folder_stops(installed_copy: Path) -> None:
    with pytest.raises(BadInput, match="needs a folder for its data") as caught:
        read({})

    assert caught.value.code == "BadInput"
    assert "Set EQUIPMENT_HOME" in caught.value.hint


@pytest.mark.parametrize(("folder", "reason"), [
    ("relative", "absolute"), ("{tmp}/missing", "does not exist"), ("{code}", "beside the program's code"),
    ("{code}/inner", "beside the program's code"), ("{prefix}", "beside the program's code"),
])
def test_a_folder_that_would_not_last_is_refused(
    installed_copy: Path, tmp_path: Path, folder: str, reason: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    (installed_copy / "inner").mkdir()
    monkeypatch.setattr("sys.prefix", str(installed_copy.parent))
    named = folder.format(tmp=tmp_path, code=installed_copy, prefix=installed_copy.parent)

    with pytest.raises(BadInput, match=reason) as caught:
        read({"EQUIPMENT_HOME": named})

    assert caught.value.hint


def test_misspelt_options_are_found() -> None:
    assert unknown_options({"EQUIPMENT_DATA_FODLER": "x", "EQUIPMENT_DATA_FOLDER": "y", "PATH": "z"}) == [
        "EQUIPMENT_DATA_FODLER"
    ]


def test_every_option_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert option_name("mongodb_uri") == "MONGODB_URI"
    assert option_name("data_folder") == "EQUIPMENT_DATA_FOLDER"


def test_under_pytest_no_installation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://production/")
    monkeypatch.setattr("equipment.settings.sources._current", None)

    settings = get_settings()

    assert settings.mongodb_uri is None
    assert not settings.embedded_database
    assert ROOT not in settings.data_folder.parents
    assert ROOT not in settings.backup_folder.parents


def test_a_process_started_by_a_test_sees_no_secrets_file() -> None:
    assert "PYTEST_VERSION" in os.environ
    program = "from equipment.settings import sources; print(sources._secrets_path())"

    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "None"


def test_use_puts_the_former_settings_back(tmp_path: Path) -> None:
    before = get_settings()

    with use(Settings(data_folder=tmp_path)) as chosen:
        assert get_settings() is chosen

    assert get_settings() is before
