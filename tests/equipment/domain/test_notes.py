"""Objects in notes become words; everything else stays as it was written."""

from __future__ import annotations

import pytest

from equipment.domain import notes


@pytest.mark.parametrize(("note", "words"), [
    ("Preferences(interval_hours=1.0, automatic=False, backup_cron='')",
     "interval hours 1, automatic no, backup cron none"),
    ("Preferences(remote_crons={}, drill_every_days=1.5)", "remote crons none, drill every days 1.5"),
    ("Preferences(interval_hours=", "Preferences(interval_hours="),
    ("Preferences(interval hours)", "Preferences(interval hours)"),
    ("Sample(one)", "Sample(one)"),
    ("made (by hand)", "made (by hand)"),
    ("Vendor: A → B", "Vendor: A → B"),
    ("", ""),
    ("x(" + "(" * 5_000 + ")", "x(" + "(" * 5_000 + ")"),
])
def test_in_words(note: str, words: str) -> None:
    assert notes.in_words(note) == words
