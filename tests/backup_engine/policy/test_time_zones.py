"""Zones by name, and the machine's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from backup_engine.errors import BadInput
from backup_engine.policy import time_zones
from backup_engine.policy.time_zones import check_zone, machine_zone, names, zone

NOW = datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=3)))


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    machine_zone.cache_clear()


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Australia/Lord_Howe", ""])
def test_a_zone_that_there_is(name: str) -> None:
    assert check_zone(f" {name} " if name else name) == name


@pytest.mark.parametrize("name", ["Mars/Phobos", "Europe", "../../etc/passwd", "a\0b", "x" * 5000, None, 3])
def test_a_zone_that_nobody_knows_is_refused(name: object) -> None:
    with pytest.raises(BadInput, match="There is no time zone"):
        check_zone(name)


def test_every_zone_that_is_offered_is_known() -> None:
    assert {"Europe/Berlin", "America/New_York", "UTC"} <= set(names())
    assert "localtime" not in names()


def test_the_machines_zone_is_that_of_TZ_else_where_its_clock_leads(  # noqa: N802
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "zoneinfo/Asia").mkdir(parents=True)
    (tmp_path / "zoneinfo/Asia/Tokyo").touch()
    (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo/Asia/Tokyo")
    monkeypatch.setattr(time_zones, "LOCAL_TIME", tmp_path / "localtime")
    monkeypatch.delenv("TZ", raising=False)

    assert machine_zone() == "Asia/Tokyo"
    machine_zone.cache_clear()
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert machine_zone() == "Europe/Berlin"


def test_a_machine_that_does_not_tell_goes_by_the_offset_it_has_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "localtime").write_bytes(b"a copy, as some systems have it")
    monkeypatch.setattr(time_zones, "LOCAL_TIME", tmp_path / "localtime")
    monkeypatch.delenv("TZ", raising=False)

    assert machine_zone() == ""
    assert zone("", NOW).utcoffset(NOW) == timedelta(hours=3)
    assert zone("UTC", NOW).utcoffset(NOW.astimezone(UTC)) == timedelta(0)
