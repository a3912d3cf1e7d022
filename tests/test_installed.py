"""The wheel: what is in it, and that a copy installed from it keeps its data where it is told and nowhere else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo.database import Database

import equipment
from tests.equipment.unattended.systems import as_cron_runs_it
from tests.installed_copy import Copy, build, clean, install
from tests.mongod import Mongod
from tests.server.running_app import RunningApp
from tests.test_requirements import PROJECT, canonical, imported, name_of

pytest.importorskip("setuptools", minversion="77")  # the first that writes License-Expression

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("backup_engine", "equipment")
ABOUT = ("import json; from equipment import settings; chosen = settings.installed(); "
         "print(json.dumps([str(chosen.backup_folder), str(chosen.data_folder)]))")
WITHOUT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Refuse())
"""


class InstalledApp(RunningApp):
    """The app of an installed copy, started in ``folder`` as docs/deployment.md says."""

    def __init__(self, copy: Copy, folder: Path, **environment: str) -> None:
        self.copy = copy
        super().__init__(folder=folder, wait=False, **environment)
        self.data_folder = folder / ".data"
        self.await_answer()

    def _start(self) -> subprocess.Popen[bytes]:
        script = self.copy.folder / "share" / "equipment" / "app.py"
        command = [str(self.copy.python), "-m", "streamlit", "run", str(script), "--server.port", str(self.port)]
        with self.log.open("wb") as output:
            return subprocess.Popen(command, cwd=self.folder, env=clean(self.environment), stdin=subprocess.DEVNULL,
                                    stdout=output, stderr=output, start_new_session=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return install(wheel, tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture
def untouched(installed: Copy) -> Iterator[Copy]:
    """The environment; fails when something was made in it."""
    before = installed.files()
    yield installed
    assert installed.files() == before


def test_the_wheel_holds_both_packages_the_doors_and_nothing_else(wheel: Path) -> None:
    files = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}
    data = f"equipment-{equipment.__version__}.data/data/share/equipment/"

    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    pages = {f"{data}docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}  # what *?* of the app shows
    assert names == files | pages | {"backup_csv_for_db_restore.py", f"{data}app.py", f"{data}.streamlit/config.toml"}


def test_there_is_one_version(wheel: Path) -> None:
    newest = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)

    assert newest is not None and newest[1] == equipment.__version__
    assert wheel.name == f"equipment-{equipment.__version__}-py3-none-any.whl"


def test_licence_and_requirements_are_in_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = archive.read(f"equipment-{equipment.__version__}.dist-info/METADATA").decode()
        licence = archive.read(f"equipment-{equipment.__version__}.dist-info/licenses/LICENSE").decode()

    assert "License-Expression: MIT" in about
    assert len(re.findall("^Requires-Dist: .*extra == ", about, re.M)) == len(PROJECT["optional-dependencies"]["app"])
    assert licence == (ROOT / "LICENSE").read_text("utf-8")


def test_without_a_folder_an_installed_copy_stops_and_says_what_to_set(untouched: Copy) -> None:
    answer = untouched.run("-m", "backup_csv_for_db_restore", "--json", "list")

    said = json.loads(answer.stdout)
    assert answer.returncode == said["exit_code"] == 2
    assert "needs a folder for its data" in said["message"]
    assert "Set EQUIPMENT_HOME" in answer.stdout
    assert "Traceback" not in answer.stderr


def test_everything_lies_in_the_folder_that_is_named(untouched: Copy, tmp_path: Path) -> None:
    answer = untouched.run("-c", ABOUT, home=tmp_path)

    assert json.loads(answer.stdout) == [str(tmp_path / "restore_data_to_db"), str(tmp_path / ".data")]


def test_a_folder_inside_the_environment_is_refused(untouched: Copy) -> None:
    answer = untouched.run("-m", "backup_csv_for_db_restore", "list", home=untouched.packages)

    assert answer.returncode == 2
    assert "beside the program's code" in answer.stderr


def test_its_line_for_cron_needs_no_environment(
    untouched: Copy, tmp_path: Path, shared_mongod: Mongod, database: Database[dict[str, Any]]
) -> None:
    database["Equipment"].insert_one({"Serial": "007"})
    told = untouched.run("-m", "backup_csv_for_db_restore", "schedule", "--print", "cron", "--write-settings",
                         home=tmp_path, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=database.name)

    done = subprocess.run(["env", "-i", *as_cron_runs_it(told.stdout.strip())], cwd="/", capture_output=True, text=True,
                          check=False)

    assert done.returncode == 0, (told.stderr, done.stderr)
    assert done.stdout + done.stderr == "", "cron mails what is said"
    assert len(list((tmp_path / "restore_data_to_db").glob("*day/equipment_backup_*.csv"))) == 1


def test_engine_and_command_line_need_the_base_only(
    untouched: Copy, tmp_path: Path, shared_mongod: Mongod, database: Database[dict[str, Any]]
) -> None:
    database["Equipment"].insert_one({"Serial": "007"})
    base = {name_of(line) for line in PROJECT["dependencies"]}
    everything = imported("app.py", "backup_csv_for_db_restore.py", "backup_engine", "equipment")
    refused = {package for package, names in packages_distributions().items()
               if {canonical(name) for name in names} & (everything - base)}
    assert {"streamlit", "starlette", "argon2", "pandas", "pyarrow", "altair"} <= refused
    program = WITHOUT.format(names=refused) + "import backup_csv_for_db_restore as door; door._main()"
    options = {"home": tmp_path, "MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": database.name}

    def done(*command: str) -> str:
        answer = untouched.run("-c", program, *command, **options)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    done("backup")
    assert "Nothing was due" in done("daemon", "--once") and "every hour" in done("schedule")
    database["Equipment"].update_one({}, {"$set": {"Serial": "changed"}})
    label = json.loads(done("--json", "list"))["backups"][0]["label"]
    for command in (["verify", "--all", "--level", "2"], ["show", label], ["drill"], ["compare", label],
                    ["history", "007"], ["lost"], ["status"], ["restore", label, "--mode", "replace", "--yes"]):
        done(*command)
    assert [record["Serial"] for record in database["Equipment"].find()] == ["007"]
    done("undo", "--yes")
    done("restore", label, "--mode", "merge", "--yes")
    assert [record["Serial"] for record in database["Equipment"].find()] == ["007"]
    done("prune")
    shutil.copytree(tmp_path / "restore_data_to_db", tmp_path / "copy")
    done("import-set", str(tmp_path / "copy"))
    table = ("import backup_csv_for_db_restore as door; system = door.DatabaseBackupRestore(); "
             "day = next(day for day in system.get_available_backups().values() if day); "
             "print(system.preview_backup(day[0])[2])")
    said = untouched.run("-c", WITHOUT.format(names=refused) + table, **options)
    assert "pip install pandas" in said.stdout


def test_the_app_keeps_its_database_there_and_listens_on_this_machine_only(untouched: Copy, tmp_path: Path) -> None:
    with InstalledApp(untouched, tmp_path, EQUIPMENT_HOME=str(tmp_path)) as app:
        status, _, body = app.get("/healthz")
        listening = {connection.laddr.ip for connection in psutil.Process(app.process.pid).net_connections("tcp")
                     if connection.status == psutil.CONN_LISTEN}

    assert (status, json.loads(body)["code"]) == (200, "OK")
    assert listening == {"127.0.0.1"}
    assert (tmp_path / ".data" / "db").is_dir()


def test_the_app_without_a_folder_comes_up_to_say_so(untouched: Copy, tmp_path: Path) -> None:
    with InstalledApp(untouched, tmp_path) as app:
        status, _, _ = app.get("/healthz")
        said = app.console()

    assert status == 503
    assert "needs a folder for its data" in said and "Set EQUIPMENT_HOME" in said
    assert not (tmp_path / ".data").exists()
