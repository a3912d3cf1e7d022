"""The path under which the server answers, and the address to print on labels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config

from equipment.server import prefix
from equipment.settings import Settings


@pytest.fixture
def base_path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Set ``server.baseUrlPath`` for one test."""
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", request.param)
    yield request.param
    config.set_option("server.baseUrlPath", before)


@pytest.mark.parametrize(("base_path", "served"), [
    ("", ""), ("/", ""), ("lab", "/lab"), ("/lab/", "/lab"), ("lab/stores", "/lab/stores"),
], indirect=["base_path"])
def test_the_path_begins_with_a_slash_and_ends_without(base_path: str, served: str) -> None:
    assert prefix.served() == served


@pytest.mark.parametrize(("base_path", "url", "address"), [
    ("", "", ""),
    ("lab", "", ""),
    ("", "https://example.org/", "https://example.org"),
    ("lab", "https://example.org", "https://example.org/lab"),
    ("", "https://example.org/lab/", "https://example.org/lab"),
    ("lab", "https://example.org/inside/lab", "https://example.org/inside/lab"),
], indirect=["base_path"])
def test_the_public_address_has_the_path_once(base_path: str, url: str, address: str) -> None:
    assert prefix.public_address(Settings(public_url=url)) == address


def test_a_route_keeps_all_but_its_path() -> None:
    async def answer(_request: Request) -> Response:
        return Response()

    [moved] = prefix.under("/lab", [Route("/list.{kind:str}", answer, methods=["POST"])])

    assert isinstance(moved, Route)
    assert (moved.path, moved.endpoint, moved.methods) == ("/lab/list.{kind:str}", answer, {"POST"})
