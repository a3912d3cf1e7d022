"""Started with the wrong Python, every program says so in words, with what to type; none shows a traceback."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from equipment.prerequisites import EXIT_CODE, ROOT

PROGRAMS = ("app.py", "backup_csv_for_db_restore.py", "test_backup_system.py", "equipment/__main__.py")
BEFORE = """
import runpy, sys
sys.version_info = {version}
sys.argv = [{program!r}]
sys.path.insert(0, {folder!r})
runpy.run_path({program!r}, run_name="__main__")
"""
ELDER = "(3, 10, 12, 'final', 0)"
any_program = pytest.mark.parametrize("program", PROGRAMS)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The programs, and a Python that has nothing installed."""
    left_out = shutil.ignore_patterns("__pycache__")
    for name in ("backup_engine", "equipment"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name, ignore=left_out)
    for name in ("requirements.txt", *PROGRAMS):
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    return tmp_path / "checkout"


def started(checkout: Path, program: str, *, version: str = "sys.version_info", folder: Path | None = None) -> str:
    """What it says before it ends with the code for it."""
    bare = checkout.parent / "bare" / "bin" / "python"
    text = BEFORE.format(version=version, program=str(checkout / program), folder=str(checkout))
    done = subprocess.run([str(bare), "-c", text], cwd=folder or checkout, capture_output=True, text=True, check=False,
                          env={"LC_ALL": "C.UTF-8"})

    assert (done.returncode, done.stdout) == (EXIT_CODE, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@any_program
def test_without_the_packages_it_names_one_and_what_to_type(program: str, checkout: Path) -> None:
    said = started(checkout, program)

    assert said.startswith("The package ")
    assert "\nInstall it: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt\n" in said
    assert said.endswith("\nThen run it with .venv/bin/python.\n")


@any_program
def test_outside_the_environment_it_names_the_python_inside(program: str, checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").touch()

    assert started(checkout, program).endswith("\nRun it with .venv/bin/python.\n")
    assert started(checkout, program, folder=tmp_path).endswith(f"\nRun it with {checkout}/.venv/bin/python.\n")
    assert started(checkout, program, version=ELDER).endswith("\nRun it with .venv/bin/python.\n")


def test_inside_the_environment_it_names_what_installs_the_rest(checkout: Path) -> None:
    (checkout / ".venv").symlink_to(checkout.parent / "bare")

    said = started(checkout, "backup_csv_for_db_restore.py")

    assert said.endswith("\nInstall what is missing: .venv/bin/pip install -r requirements.txt\n")


def test_an_installed_copy_without_the_extra_names_it(checkout: Path) -> None:
    (checkout / "requirements.txt").unlink()

    assert "pip install '.[app]'" in started(checkout, "equipment/__main__.py")


@any_program
def test_an_older_python_is_named_with_systems_that_have_a_newer_one(program: str, checkout: Path) -> None:
    said = started(checkout, program, version=ELDER)

    assert "This needs Python 3.11 or newer, and " in said and " is 3.10.\n" in said
    assert "Debian 12 and Ubuntu 24.04" in said


@pytest.mark.parametrize("file", [*PROGRAMS, "equipment/prerequisites.py", "equipment/__init__.py"])
def test_an_older_python_understands_all_that_it_reads_before(file: str) -> None:
    assert ast.parse((ROOT / file).read_text("utf-8"), feature_version=(3, 7))


def test_who_imports_a_door_gets_the_exception(checkout: Path) -> None:
    bare = checkout.parent / "bare" / "bin" / "python"

    done = subprocess.run([str(bare), "-c", "import backup_csv_for_db_restore"], cwd=checkout, capture_output=True,
                          text=True, check=False)

    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named" in done.stderr
