"""Words for the log."""

from __future__ import annotations

import pytest

from equipment.domain.actions import in_words


@pytest.mark.parametrize(("action", "words"), [
    ("user.role", "Changed a role"), ("sign_in.failed", "Failed sign-in"),
    ("backup.replace.failed", "Restore (replace) failed"), ("something.new", "something.new"),
    ("something.failed", "something.failed"), ("", ""),
])
def test_words(action: str, words: str) -> None:
    assert in_words(action) == words
