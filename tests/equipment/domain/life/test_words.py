"""What people type about what happens to things."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.domain.life.words import LONGEST_NOTE, LONGEST_WORDS, check_line, check_note, trimmed


def test_spaces_around_and_doubled_go_and_line_ends_stay_to_be_refused() -> None:
    assert trimmed("  Ada   Lovelace ") == "Ada Lovelace"
    with pytest.raises(BadInput, match="Who: one line"):
        check_line("Who", trimmed("a\nb"))


@pytest.mark.parametrize("words", ["x" * (LONGEST_WORDS + 1), "a\tb", "gpj.\u202eexe", "a\u2028b", "\ud800"])
def test_a_line_is_short_and_can_be_seen(words: str) -> None:
    with pytest.raises(BadInput, match="Place: "):
        check_line("Place", words)


def test_a_note_may_have_lines_and_tabs() -> None:
    check_note("first\n\tsecond " + "x" * (LONGEST_NOTE - 14))
    for note in ("x" * (LONGEST_NOTE + 1), "\0"):
        with pytest.raises(BadInput, match="Note"):
            check_note(note)
