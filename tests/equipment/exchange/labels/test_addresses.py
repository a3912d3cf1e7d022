"""The address in a label's code."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.exchange.labels import addresses


def test_an_address_quotes_the_key() -> None:
    assert addresses.of_record("http://lab.example/", "a/b&c") == "http://lab.example/?id=a%2Fb%26c"


@pytest.mark.parametrize("base", [
    "", "javascript:alert(1)", "lab.example", "ftp://lab.example", "http://", "https://:8501", "http://lab.example:port",
    "http://[::1", "http://lab. example", "http://ann:secret@lab.example", "http://lab.example/?a=1",
    "http://lab.example/#top", "http://lab.example/\x00", "http://lab.example/" + "a" * 300,
])
def test_only_a_web_address_is_taken(base: str) -> None:
    with pytest.raises(BadInput) as refused:
        addresses.checked(base)

    assert refused.value.hint and "secret" not in str(refused.value)


def test_blanks_around_an_address_are_not_part_of_it() -> None:
    assert addresses.checked(" https://lab.example/app \n") == "https://lab.example/app"


@pytest.mark.parametrize(("base", "expected"), [
    ("http://127.0.0.1:8501", True), ("http://127.8.0.1", True), ("http://localhost/lab", True),
    ("http://LOCALHOST.", True), ("http://app.localhost", True), ("http://[::1]:8501", True),
    ("http://0.0.0.0:8501", True),
    ("https://equipment.example.org", False), ("http://192.168.1.5:8501", False),
    ("http://localhost.example.org", False), ("nonsense", False),
])
def test_an_address_that_leads_a_phone_to_itself_is_noticed(base: str, expected: bool) -> None:
    assert addresses.only_here(base) is expected
