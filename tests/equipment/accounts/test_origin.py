"""Whether a POST comes from our own page."""

from __future__ import annotations

import pytest

from equipment.accounts.origin import cookie_path, is_own, is_secure

HOST = {"host": "lab.example:8501"}


@pytest.mark.parametrize("headers", [
    {"origin": "http://lab.example:8501"}, {"origin": "https://LAB.example:8501"},
    {"origin": "http://lab.example:8501", "sec-fetch-site": "same-origin"},
])
def test_own(headers: dict[str, str]) -> None:
    assert is_own(HOST | headers)


@pytest.mark.parametrize("headers", [
    {}, {"origin": "null"}, {"origin": ""}, {"origin": "http://evil.example"}, {"origin": "http://lab.example"},
    {"origin": "http://lab.example:8501.evil.example"}, {"origin": "http://evil.example/lab.example:8501"},
    {"origin": "http://user@lab.example:8501"}, {"origin": "file://"}, {"origin": "//lab.example:8501"},
    {"origin": "http://lab.example:8501", "sec-fetch-site": "cross-site"},
    {"origin": "http://lab.example:8501", "sec-fetch-site": "same-site"},
    {"referer": "http://lab.example:8501/"},
])
def test_foreign(headers: dict[str, str]) -> None:
    assert not is_own(HOST | headers)


def test_behind_a_proxy_the_public_address_counts() -> None:
    headers = {"host": "127.0.0.1:8501", "origin": "https://equipment.example.org"}

    assert is_own(headers, "https://equipment.example.org/app")
    assert not is_own(headers, "http://equipment.example.org")
    assert not is_own(headers)


def test_a_forged_forwarded_host_gains_nothing() -> None:
    assert not is_own(HOST | {"origin": "http://evil.example", "x-forwarded-host": "evil.example"})


@pytest.mark.parametrize(("scheme", "headers", "url", "secure"), [
    ("http", {}, "", False), ("https", {}, "", True), ("http", {"x-forwarded-proto": "https"}, "", True),
    ("http", {"x-forwarded-proto": "HTTPS, http"}, "", True), ("http", {"x-forwarded-proto": "http"}, "", False),
    ("http", {}, "https://equipment.example.org", True), ("https", {"x-forwarded-proto": "http"}, "", True),
])
def test_secure(scheme: str, headers: dict[str, str], url: str, secure: bool) -> None:
    assert is_secure(scheme, headers, url) is secure


@pytest.mark.parametrize(("origin", "url", "served", "path"), [
    ("http://127.0.0.1:8501", "", "", "/"),
    ("http://127.0.0.1:8501", "", "/lab", "/lab"),
    ("https://equipment.example.org", "https://equipment.example.org", "", "/"),
    ("https://equipment.example.org", "https://equipment.example.org/", "/lab", "/lab"),
    ("https://Equipment.example.org", "https://equipment.example.org/lab/", "", "/lab"),
    ("https://equipment.example.org", "https://equipment.example.org/inside/lab", "/lab", "/inside/lab"),
    ("http://127.0.0.1:8501", "https://equipment.example.org/lab", "", "/"),  # at the server itself
    ("", "", "", "/"),
])
def test_the_cookie_goes_where_the_browser_sees_the_app(origin: str, url: str, served: str, path: str) -> None:
    assert cookie_path({"origin": origin}, url, served) == path
