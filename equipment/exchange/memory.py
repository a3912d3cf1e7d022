"""How much memory is left here, so that what needs more says so before it begins and is not ended half-way.

The limit of the control group counts, as a container or a service has one, and those of the groups above it:
https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from backup_engine.errors import BadInput

__all__ = ["free", "require"]

PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")
_VERSIONS = {
    "": ("", "memory.max", "memory.current", "inactive_file"),
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""By the controller in ``/proc/self/cgroup``: folder, limit, usage, and what of that is only cached and can go."""


def free() -> int | None:
    """Give the bytes that may still be taken, by this process or its MongoDB; None where that cannot be told."""
    return min(_free(), default=None)


def require(needed: int, doing: str, hint: str) -> None:
    """Raise ``BadInput`` when less is free; ``doing`` begins the sentence, such as "Importing 10 rows"."""
    left = free()
    if left is not None and needed > left:
        raise BadInput(f"{doing} takes about {_mb(needed)} of memory, and {_mb(left)} are free.", hint=hint)


def _free() -> Iterator[int]:
    with suppress(OSError, ValueError, KeyError):
        lines = dict(line.split(":", 1) for line in (PROC / "meminfo").read_text("ascii").splitlines())
        yield int(lines["MemAvailable"].split()[0]) * 1024
    with suppress(OSError):
        for line in (PROC / "self" / "cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            version = _VERSIONS.get("memory" if "memory" in controllers.split(",") else controllers)
            if version is not None:
                yield from _of_group(PurePosixPath(path.lstrip("/")), *version)


def _of_group(path: PurePosixPath, folder: str, limit: str, usage: str, cached: str) -> Iterator[int]:
    for group in (path, *path.parents):
        place = GROUPS / folder / group
        with suppress(OSError, ValueError):  # the topmost has no limit, and "max" is none
            allowed = int((place / limit).read_text("ascii"))
            stat = dict(line.split() for line in (place / "memory.stat").read_text("ascii").splitlines())
            yield max(0, allowed - int((place / usage).read_text("ascii")) + int(stat.get(cached, 0)))


def _mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
