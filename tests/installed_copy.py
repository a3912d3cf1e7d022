"""A copy of the program as pip installs it: the wheel, and an environment of its own far from any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Copy:
    """An environment into which the wheel was installed."""

    folder: Path
    python: Path
    packages: Path

    def run(self, *arguments: str, home: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run its Python as a person would, far from any checkout and from pytest."""
        return subprocess.run(
            [str(self.python), *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            env=clean({**({"EQUIPMENT_HOME": str(home)} if home else {}), **environment}))

    def files(self) -> set[Path]:
        """List everything in the environment but compiled modules."""
        return {path for path in self.folder.rglob("*") if "__pycache__" not in path.parts}


def clean(environment: dict[str, str]) -> dict[str, str]:
    """Give the environment of a person's shell: nothing of pytest's, no path to this checkout."""
    of_ours = ("PYTEST", "PYTHONPATH", "EQUIPMENT_", "BACKUP_", "MONGODB_", "STREAMLIT_", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(of_ours)}, **environment}


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the sources: a build leaves its folders behind."""
    left_out = shutil.ignore_patterns(".*", "restore_data_to_db", "__pycache__", "build", "*.egg-info")
    shutil.copytree(ROOT, folder / "source", ignore=left_out)
    shutil.copytree(ROOT / ".streamlit", folder / "source" / ".streamlit")
    (folder / "source" / ".streamlit" / "secrets.toml").write_text("secret = 1")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--wheel-dir", str(folder), str(folder / "source")], check=True, cwd=folder, env=clean({}))
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Copy:
    """Make an environment that borrows what is required from the one the tests run in."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index",
         str(wheel)], check=True, env=clean({}))
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Copy(folder, python, packages)
