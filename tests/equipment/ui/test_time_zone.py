"""Times are told by the clock of whoever reads them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from equipment.ui import time_zone


class Context:
    """What a browser tells."""

    def __init__(self, timezone: str | None) -> None:
        self.timezone = timezone


@pytest.mark.parametrize(("told", "expected", "called"), [
    ("Asia/Tokyo", ZoneInfo("Asia/Tokyo"), "Asia/Tokyo"), (None, None, "this server's time"),
    ("", None, "this server's time"), ("../etc/passwd", None, "this server's time"),
])
def test_the_zone_of_the_browser(
    told: str | None, expected: ZoneInfo | None, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_zone.st, "context", Context(told))

    assert time_zone.of_reader() == expected
    assert time_zone.called(time_zone.of_reader()) == called
