"""The documentation as it is read in the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from equipment.settings import ROOT
from equipment.ui.help import documents


def _script() -> None:
    from equipment.ui.help import documents

    documents.show()


def test_every_page_of_the_docs_can_be_chosen_and_is_shown() -> None:
    test = AppTest.from_function(_script).run()

    assert len(test.selectbox[0].options) == len(list((ROOT / "docs").glob("*.md")))
    assert test.selectbox[0].options[0] == "Running it, and getting data back"
    test.selectbox[0].select("Security").run()
    assert "verification standard" in test.markdown[0].value
    assert not test.exception


def test_links_to_files_are_words_and_prices_no_formulas() -> None:
    text = "See [security](security.md#a) and [this](https://example.org).\n<!-- made -->![x](y.png)$5 to $9 `$HOME`"

    assert documents.readable(text) == (
        "See security and [this](https://example.org).\n" r"\$5 to \$9 `$HOME`")


def test_a_copy_without_docs_says_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "folder", lambda: tmp_path)

    test = AppTest.from_function(_script).run()

    assert "docs" in test.info[0].value
