"""What is left of the memory: of the machine, and of the control groups this process is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import BadInput
from equipment.exchange import memory

MIB = 1 << 20


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 900 MiB available and no control groups."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 2000000 kB\nMemFree: 10 kB\nMemAvailable:  921600 kB\n")
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "cgroup")
    return tmp_path


def in_group(machine: Path, line: str, place: str, **files: str) -> None:
    (machine / "proc" / "self" / "cgroup").write_text(line + "\n")
    group = machine / "cgroup" / place
    group.mkdir(parents=True)
    for name, text in files.items():
        (group / name.replace("__", ".")).write_text(text)


def test_without_groups_the_machine_counts() -> None:
    assert memory.free() == 900 * MIB


def test_the_limit_of_a_group_counts_and_what_is_only_cached_can_go(machine: Path) -> None:
    in_group(machine, "0::/lab/app", "lab/app", memory__max=f"{512 * MIB}\n", memory__current=f"{400 * MIB}\n",
             memory__stat=f"anon 1\ninactive_file {100 * MIB}\n")

    assert memory.free() == 212 * MIB


def test_the_limit_of_a_group_above_counts_too(machine: Path) -> None:
    in_group(machine, "0::/lab/app", "lab/app", memory__max="max\n", memory__current="1\n", memory__stat="anon 1\n")
    (machine / "cgroup" / "lab" / "memory.max").write_text(f"{256 * MIB}\n")
    (machine / "cgroup" / "lab" / "memory.current").write_text(f"{300 * MIB}\n")
    (machine / "cgroup" / "lab" / "memory.stat").write_text("anon 1\n")

    assert memory.free() == 0


def test_a_group_of_the_first_version(machine: Path) -> None:
    in_group(machine, "9:cpu,cpuacct:/x\n4:memory:/docker/abc", "memory/docker/abc",
             memory__limit_in_bytes=f"{1024 * MIB}\n", memory__usage_in_bytes=f"{1000 * MIB}\n",
             memory__stat=f"total_inactive_file {26 * MIB}\n")

    assert memory.free() == 50 * MIB


def test_where_nothing_is_known_nothing_is_refused(machine: Path) -> None:
    (machine / "proc" / "meminfo").unlink()

    assert memory.free() is None
    memory.require(1 << 60, "Importing everything", "")


def test_too_much_is_refused_with_both_numbers() -> None:
    memory.require(900 * MIB, "Importing 10 rows", "Split it.")
    with pytest.raises(BadInput, match="takes about 944 MB of memory, and 944 MB are free") as refused:
        memory.require(900 * MIB + 1, "Importing 10 rows", "Split it.")
    assert refused.value.hint == "Split it."
