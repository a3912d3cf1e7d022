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
