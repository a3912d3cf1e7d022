"""Spans of time as people say them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment.ui.backup import words


@pytest.mark.parametrize(("span", "lasting", "ago"), [
    (timedelta(seconds=-3), "under a minute", "just now"), (timedelta(seconds=59), "under a minute", "just now"),
    (timedelta(minutes=1), "1 min", "1 min ago"), (timedelta(minutes=119), "119 min", "119 min ago"),
    (timedelta(hours=47), "47 h", "47 h ago"), (timedelta(days=2), "2 days", "2 days ago"),
])
def test_one_word_for_each_span(span: timedelta, lasting: str, ago: str) -> None:
    assert (words.lasting(span), words.ago(span)) == (lasting, ago)


@pytest.mark.parametrize(("sentence", "said"), [
    ("select_options: not saved with this backup", "Select Options: not saved with this backup"),
    ("repaired from backup 20261128_091500", "repaired from backup 2026-11-28 09:15:00"),
    ("Equipment_select_options is a view", "Equipment_select_options is a view"),
    ("select_options_20261128_091500.csv is not there", "select_options_20261128_091500.csv is not there"),
])
def test_what_the_engine_notes_is_said_as_people_say_it(sentence: str, said: str) -> None:
    assert words.said(sentence) == said
