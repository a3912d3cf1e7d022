"""Cron texts for people who write none."""

from __future__ import annotations

from datetime import time

import pytest

from backup_engine.api import parse_cron
from equipment.ui.backup.auto.presets import DAILY, HOURLY, OWN, PRESETS, QUARTERS, WEEKDAYS, WEEKLY, Chosen, recognised


@pytest.mark.parametrize(("chosen", "words"), [
    (Chosen(HOURLY), "at the start of every hour"), (Chosen(QUARTERS), "every 15th minute of every hour"),
    (Chosen(DAILY, time(18, 45)), "at 18:45 every day"),
    (Chosen(WEEKDAYS, time(6, 0)), "at 06:00 on Monday through Friday"),
    (Chosen(WEEKLY, time(3, 0), "Saturday"), "at 03:00 on Saturday"), (Chosen(OWN, own="5 4 L * *"),
     "at 04:05 on the last day of every month"),
])
def test_each_preset_means_what_it_says_and_is_recognised(chosen: Chosen, words: str) -> None:
    assert parse_cron(chosen.text).words == words
    again = recognised(chosen.text)
    assert (again.preset, again.text) == (chosen.preset, chosen.text)


def test_no_preset_is_forgotten() -> None:
    assert {recognised(Chosen(preset, own="1 2 3 4 5").text).preset for preset in PRESETS} == set(PRESETS)


@pytest.mark.parametrize("text", ["30 2 * * 7", "0-5 2 * * *", "30 2 1 * *", "*/5 * * * *", "0 */2 * * *"])
def test_what_is_no_preset_is_shown_as_it_is(text: str) -> None:
    assert recognised(text) == Chosen(OWN, own=text)
