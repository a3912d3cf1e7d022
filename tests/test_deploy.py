"""The files for systemd and cron are those the app shows, agree with each other, and run as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.settings import Settings, option_name
from equipment.unattended import timers
from tests import ordinary_user
from tests.equipment.unattended.systems import as_cron_runs_it, as_systemd_runs_it
from tests.installed_copy import ROOT, build, install
from tests.mongod import Mongod

DEPLOY = ROOT / "deploy"
PROGRAM, DATA = "/opt/equipment", "/srv/equipment"
"""The two folders that stand in these files."""
SHOWN = {text.name: text.content for text in timers.texts(
    (f"{PROGRAM}/bin/python", "-m", "backup_csv_for_db_restore", "--settings", f"{DATA}/.data/settings.toml"),
    folder=DATA, user="equipment", own_server=True)}
OWN_TO_THE_APP = {
    "Environment", "EnvironmentFile", "ExecStart", "Type", "WatchdogSec", "TimeoutStartSec", "Restart", "RestartSec",
    "OOMPolicy",
}
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


def said(name: str) -> list[str]:
    """The lines of a file without comments and empty ones."""
    return lines_of((DEPLOY / name).read_text("utf-8"))


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def service_lines(lines: list[str]) -> list[str]:
    """What stands under [Service]."""
    after = lines[lines.index("[Service]") + 1:]
    return after[:after.index("[Install]")] if "[Install]" in after else after


def test_cron_and_the_timer_are_what_the_app_shows() -> None:
    assert said("cron") == lines_of(SHOWN["equipment-backup.crontab"])
    assert said("equipment-backup.timer") == lines_of(SHOWN["equipment-backup.timer"])


@pytest.mark.parametrize("name", ["equipment-backup.service", "equipment-daemon.service"])
def test_the_services_are_what_the_app_shows_and_may_no_more_than_the_app(name: str) -> None:
    shown, written = lines_of(SHOWN[name]), said(name)
    of_the_app = service_lines(said("equipment.service"))

    assert [line for line in written if line in shown] == shown
    assert [line for line in written if line not in shown] == [
        line for line in of_the_app if line not in shown and line.partition("=")[0] not in OWN_TO_THE_APP]


@needs_systemd
def test_systemd_has_no_objection_and_finds_little_exposed(tmp_path: Path) -> None:
    program = tmp_path / "bin"
    program.mkdir()
    for name in ("streamlit", "python"):
        shutil.copy("/bin/true", program / name)
    units = ["equipment.service", "equipment-backup.service", "equipment-daemon.service", "equipment-backup.timer"]
    for unit in units:
        text = (DEPLOY / unit).read_text("utf-8")
        (tmp_path / unit).write_text(text.replace(f"{PROGRAM}/bin", str(program)))

    verified = subprocess.run(["systemd-analyze", "verify", *(f"./{unit}" for unit in units)], cwd=tmp_path,
                              capture_output=True, text=True, check=False)
    assert [line for line in verified.stderr.splitlines() if "equipment" in line] == []
    for unit in units[:3]:
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=16", "--no-pager", f"./{unit}"],
            cwd=tmp_path, capture_output=True, text=True, check=False)
        if "unrecognized option" in judged.stderr:
            pytest.skip("no systemd here that judges a file (250 or later)")
        assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


def test_the_options_that_are_named_exist_and_the_app_owns_what_it_writes_to() -> None:
    text = "\n".join(said("equipment.service"))
    facts = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))

    assert set(re.findall(r"\b(?:EQUIPMENT|MONGODB|BACKUP)_[A-Z_]+", text)) <= {
        option_name(field) for field in Settings.model_fields}
    assert facts["ReadWritePaths"] == facts["WorkingDirectory"] == DATA
    assert facts["Type"] == "notify" and int(facts["WatchdogSec"]) >= 60
    assert "MemoryDenyWriteExecute" not in facts, "MongoDB 6.0 ends with code 100, JS_Init() failed"
    assert facts["KillMode"] == "process" and facts["RuntimeDirectoryPreserve"] == "yes"


@dataclass
class Installed:
    """The program and its data in two folders of an ordinary user, in place of those in the files."""

    folder: Path

    def here(self, text: str) -> str:
        return text.replace(PROGRAM, str(self.folder / "program")).replace(DATA, str(self.folder / "data"))

    def sets(self) -> list[Path]:
        return list((self.folder / "data").glob("restore_data_to_db/*day/equipment_backup_*.csv"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    pytest.importorskip("setuptools", minversion="77")
    with ordinary_user.place() as folder:
        install(build(tmp_path_factory.mktemp("wheel")), folder / "program")
        (folder / "data" / ".data").mkdir(parents=True, mode=0o700)
        yield Installed(folder)


def command_of(name: str) -> list[str]:
    """How cron, and how systemd, starts the command of its file."""
    if name == "cron":
        return as_cron_runs_it("\n".join(["# ", *said(name)]))
    return as_systemd_runs_it("\n".join(said(name)))


@pytest.mark.parametrize("name", ["cron", "equipment-backup.service"])
def test_the_files_back_up_as_they_stand(
    name: str, installed: Installed, server_for_all: Mongod, database: Database[dict[str, Any]]
) -> None:
    database["Equipment"].insert_one({"Serial": "007"})
    settings = installed.folder / "data" / ".data" / "settings.toml"
    settings.write_text(installed.here(
        f'EQUIPMENT_HOME = "{DATA}"\nMONGODB_URI = "{server_for_all.uri}"\nMONGODB_DATABASE = "{database.name}"\n'))
    settings.chmod(0o600)
    ordinary_user.hand_over(installed.folder / "data")
    before = installed.sets()

    done = ordinary_user.run([installed.here(word) for word in command_of(name)])

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(installed.sets()) == len(before) + 1
    assert (installed.folder / "data" / "restore_data_to_db").stat().st_uid == installed.folder.stat().st_uid


@pytest.fixture
def server_for_all(shared_mongod: Mongod) -> Mongod:
    """The server, with a socket that the ordinary user may use too."""
    shared_mongod.folder.chmod(0o711)
    shared_mongod.socket.chmod(0o666)
    return shared_mongod
