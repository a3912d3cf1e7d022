"""Where the set-up code is to be looked for, wherever standard error goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from equipment.logs import place


@pytest.fixture(autouse=True)
def _no_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "CONTAINER", ())
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)


def to(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard error be that file for ``place``."""
    status = target.stat()
    monkeypatch.setattr(os, "fstat", lambda _: status)
    monkeypatch.setattr(Path, "readlink", lambda _: target)


def test_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "equipment.log"
    log.touch()
    to(log, monkeypatch)

    assert place.found() == (f"in its log, the file {log}", "")


def test_a_service_of_systemd_has_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "socket"
    log.touch()
    to(log, monkeypatch)
    monkeypatch.setenv("JOURNAL_STREAM", f"{log.stat().st_dev}:{log.stat().st_ino}")
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/system.slice/lab-list.service\n")
    monkeypatch.setattr(place, "CGROUP", cgroup)

    assert place.found() == ("in its journal", "journalctl -u lab-list.service")


def test_a_journal_that_was_only_inherited_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "equipment.log"
    log.touch()
    to(log, monkeypatch)
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")

    assert place.found()[0].endswith(str(log))


def test_a_container_has_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sign").touch()
    monkeypatch.setattr(place, "CONTAINER", (str(tmp_path / "sign"),))

    assert place.found() == ("in the log of its container", "docker logs CONTAINER")


def test_a_pipe_says_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    status = os.fstat(writing)
    monkeypatch.setattr(os, "fstat", lambda _: status)
    try:
        assert place.found() == (place.ANYWHERE, "")
    finally:
        os.close(reading)
        os.close(writing)
