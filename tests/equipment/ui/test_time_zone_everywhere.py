"""No screen shows a moment by the server's clock to somebody whose clock is another."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import equipment.ui
from equipment.ui import time_zone
from equipment.ui.backup import words

SCREENS = Path(equipment.ui.__file__).parent
MOMENT = datetime(2026, 11, 28, 23, 30, 5, tzinfo=UTC)


def by_the_server(code: str) -> list[str]:
    """Give the places that turn a moment into this server's time without saying that they mean to (``None``)."""
    return [ast.unparse(node) for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("astimezone", "DatetimeColumn") and not node.args]


def test_every_moment_goes_through_a_zone() -> None:
    found = {path.name: by_the_server(path.read_text("utf-8")) for path in SCREENS.rglob("*.py")}

    assert {name: places for name, places in found.items() if places} == {}
    assert by_the_server("when.astimezone().strftime('%H:%M')")


def test_moments_are_shown_by_the_readers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_zone, "of_reader", lambda: ZoneInfo("Asia/Tokyo"))

    assert time_zone.shown_time(MOMENT) == "2026-11-29 08:30"
    assert words.moment(MOMENT) == "2026-11-29 08:30:05"
    assert words.moment(MOMENT, UTC) == "2026-11-28 23:30:05"


def test_the_servers_time_is_named_where_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    offset = MOMENT.astimezone(None).utcoffset()
    other = ZoneInfo("Asia/Tokyo") if offset != ZoneInfo("Asia/Tokyo").utcoffset(MOMENT) else ZoneInfo("UTC")

    monkeypatch.setattr(time_zone, "of_reader", lambda: other)
    assert time_zone.of_server(MOMENT).startswith("this server's time, ")
    monkeypatch.setattr(time_zone, "of_reader", lambda: None)
    assert time_zone.of_server(MOMENT) == ""
