"""A library that is put before the system's own (LD_PRELOAD), built from a C file where there is a compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def built(source: Path, folder: Path) -> Path | None:
    """Build it into a folder; None without a C compiler for Linux. Raises ``CalledProcessError``."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / f"{source.stem}.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library
