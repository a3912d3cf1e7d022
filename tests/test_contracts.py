"""The import contracts of ``pyproject.toml`` bite: a copy of the code with one wrong line or file does not pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = "The engine's rooms only look down, and every file has a room"
LAYERS = "The application's layers only look down, and every file has one"
STORE = "The store's rooms only look down"
OUTSIDE = "The engine knows neither the application nor its screens"
FACE = "The application uses the engine's face, its words, and what they share; nothing else"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the contracts are about."""
    for package in ("backup_engine", "equipment"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    """Exit code and words of import-linter."""
    program = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ended = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def test_the_code_as_it_is_keeps_them(copy: Path) -> None:
    assert lint(copy)[0] == 0


@pytest.mark.parametrize(("file", "line", "contract"), [
    ("backup_engine/stray.py", "", ROOMS),
    ("backup_engine/records/raw.py", "from backup_engine.mongo import snapshot as _upwards", ROOMS),
    ("backup_engine/mongo/snapshot.py", "from backup_engine import create as _upwards", ROOMS),
    ("equipment/jobs.py", "from backup_engine import create as _inside", FACE),
    ("equipment/store/list/records.py", "from backup_engine.repository import catalog as _inside", FACE),
    ("backup_engine/create.py", "from equipment import settings as _outside", OUTSIDE),
    ("equipment/domain/record.py", "import bson as _impure", "The domain is pure"),
])
def test_one_wrong_line_breaks_the_contract_that_forbids_it(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    text = path.read_text() if path.exists() else ""
    path.write_text(f"{text}\n{line}\n")

    code, words = lint(copy)

    assert code == 1
    assert contract in words
    assert f"{contract} KEPT" not in words
    assert "BROKEN" in words
