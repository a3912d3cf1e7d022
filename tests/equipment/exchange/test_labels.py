"""QR labels for printing."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.exchange import labels
from equipment.exchange.labels import SHEETS, Label


def test_an_address_quotes_the_key() -> None:
    assert labels.address("http://lab.example/", "a/b&c") == "http://lab.example/?id=a%2Fb%26c"


def test_a_sheet_has_a_code_and_the_text_of_each_record() -> None:
    page = labels.page([Label("1", ("17", "Scope")), Label("2", ("18", ""))], SHEETS[0], "http://127.0.0.1:8501")

    assert page.count("<svg") == 2
    assert "<p>17</p><p>Scope</p>" in page


def test_text_of_records_cannot_become_markup() -> None:
    page = labels.page([Label("1", ("<script>alert(1)</script>",))], SHEETS[0], "http://lab.example")

    assert "<script" not in page


@pytest.mark.parametrize("base", ["", "javascript:alert(1)", "lab.example"])
def test_only_a_web_address_is_taken(base: str) -> None:
    with pytest.raises(BadInput):
        labels.page([], SHEETS[0], base)
