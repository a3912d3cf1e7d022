"""Text from elsewhere is shown as it is."""

from __future__ import annotations

import pytest

from equipment.ui.plain import plain


@pytest.mark.parametrize(("text", "written"), [
    ("Ada", "Ada"), ("**x**", r"\*\*x\*\*"), ("<b>", r"\<b\>"), ("[a](b)", r"\[a\]\(b\)"), (":red[x]", r"\:red\[x\]"),
    ("a\nb\t c", "a b c"), ("https://x.org", r"https\://x\.org"), ("a@b.c", r"a\@b\.c"), ("&lt;", r"\&lt;"),
    ("$x$", r"\$x\$"), ("a\\b", r"a\\b"),
])
def test_nothing_in_it_is_markdown(text: str, written: str) -> None:
    assert plain(text) == written
