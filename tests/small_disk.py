"""A real file system of a chosen size, in memory, that fills up as any disk does.

    with SmallDisk(tmp_path / "disk", 600 << 20) as disk:
        disk.fill(leaving=50_000_000)
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import pytest


class SmallDisk:
    """A tmpfs at ``place``, of ``size`` bytes; skips the test where nothing may be mounted."""

    def __init__(self, place: Path, size: int) -> None:
        self.place = place
        place.mkdir()
        asked = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
                               capture_output=True, text=True, check=False)
        if asked.returncode:
            pytest.skip(f"mounting a small tmpfs is not allowed here: {asked.stderr.strip()}")

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _value: BaseException | None,
                 _trace: TracebackType | None) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        return shutil.disk_usage(self.place).free

    def fill(self, leaving: int) -> None:
        """Let something else take the room but for so many bytes."""
        with (self._filler).open("ab") as filler:
            os.posix_fallocate(filler.fileno(), filler.tell(), self.free - leaving)

    def clear(self) -> None:
        """Take that away again."""
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.place / "filler"
