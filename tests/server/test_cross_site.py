"""What another web site's page can make a signed-in person's browser do: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from websockets.exceptions import InvalidStatus

from tests.mongod import Mongod
from tests.server.accounts import SIGN_IN, SIGN_OUT, fresh_cookie, fresh_ticket, inhabited, post
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Database[dict[str, Any]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app with an administrator."""
    with inhabited(shared_mongod, people=("admin",)) as both:
        yield both


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""},
    {"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "127.0.0.1"},
])
def test_a_post_from_elsewhere_is_refused_and_uses_nothing_up(running: Running, headers: dict[str, str]) -> None:
    app, db = running
    ticket = fresh_ticket(db, "admin")

    assert post(app, SIGN_IN, ticket, **headers)[0] == 403
    assert post(app, SIGN_IN, ticket)[0] == 204


def test_nobody_is_signed_out_from_elsewhere(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")

    for body in ("", "x"):
        assert post(app, SIGN_OUT, body, Cookie=cookie_header(app.url, cookie))[0] == 403
    with PageClient(app.url, cookie=cookie) as page:
        assert not page.run().has_field("Password")


def test_only_posts_do_anything(running: Running) -> None:
    app, db = running
    ticket = fresh_ticket(db, "admin")

    for method in ("GET", "HEAD", "PUT", "DELETE"):
        for path in (SIGN_IN, SIGN_OUT):
            _, headers, _ = app.request(method, f"{path}?ticket={ticket}", headers={"Origin": app.url})
            assert "equipment_session" not in headers.get("set-cookie", "")
    assert post(app, SIGN_IN, ticket)[0] == 204


def test_another_site_cannot_open_the_page_s_web_socket(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")

    with pytest.raises(InvalidStatus):
        PageClient(app.url, cookie=cookie, headers={"Origin": "https://evil.example"})


def test_nobody_may_frame_the_page(running: Running) -> None:
    app, _ = running
    _, headers, _ = app.get("/")

    assert "frame-ancestors 'self'" in headers["content-security-policy"]
