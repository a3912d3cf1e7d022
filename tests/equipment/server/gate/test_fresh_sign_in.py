"""The way to the identity provider, for somebody who is signed in here and has to prove who they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from pymongo.database import Database
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from equipment.accounts import cookie as cookies, trips
from equipment.server.gate.fresh_sign_in import FreshSignIn, asking_anew
from equipment.server.gate.visitors import Visitors
from equipment.settings import Settings
from equipment.store.access import Who
from equipment.store.accounts import sessions
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PROVIDER = "https://id.example/authorize?client_id=x&scope=openid%20email&prompt=select_account&state=a%2Bb"


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of other tests are called the same."""
    monkeypatch.setattr(trips, "_trips", {})


async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect as Streamlit's route does."""
    to = Request(scope).query_params.get("to", PROVIDER)
    await RedirectResponse(to, 302)(scope, receive, send)


SETTINGS = Settings()


def led_to(database: Db, who: Who | None, path: str = "/lab/auth/login", query: bytes = b"") -> str:
    """Give where somebody with the cookie of *who* is led."""
    cookie = "x" * 43
    if who is not None:
        ticket = sessions.issue_ticket(database, who.session, "sign-in")
        redeemed = sessions.redeem(database, ticket)
        assert redeemed is not None
        cookie, _ = redeemed
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query,
             "headers": [(b"cookie", f"{cookies.name_of(SETTINGS)}={cookie}".encode())]}
    anyio.run(FreshSignIn(streamlit, Visitors(SETTINGS, lambda: database)), scope, receive, send)
    return dict(sent[0]["headers"])[b"location"].decode()


def test_who_is_on_a_trip_is_asked_anew(database: Db) -> None:
    who = signed_in(database)
    trips.begin(who.session, {}, {})

    asked = parse_qs(urlsplit(led_to(database, who)).query)

    assert asked == {"client_id": ["x"], "scope": ["openid email"], "state": ["a+b"], "prompt": ["login"],
                     "max_age": ["0"]}


@pytest.mark.parametrize("case", ["no trip", "another's trip", "nobody", "another route"])
def test_everybody_else_goes_as_streamlit_says(database: Db, case: str) -> None:
    who, other = signed_in(database), signed_in(database, "admin", "other")
    if case != "no trip":
        trips.begin((other if case == "another's trip" else who).session, {}, {})

    assert led_to(database, None if case == "nobody" else who,
                  "/elsewhere" if case == "another route" else "/auth/login") == PROVIDER


def test_the_way_back_to_our_own_page_stays_as_it_is(database: Db) -> None:
    who = signed_in(database)
    trips.begin(who.session, {}, {})

    assert led_to(database, who, query=b"to=/lab/") == "/lab/"


def test_what_the_secrets_file_asks_for_is_replaced() -> None:
    assert asking_anew("https://id.example/a?max_age=86400&prompt=none&x=") == \
        "https://id.example/a?x=&prompt=login&max_age=0"
