"""A running app over a database the test can look into, with people in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.database import Database

from equipment.accounts.passwords import PASSWORDS
from equipment.domain.roles import ROLES, Role
from equipment.store import moments
from equipment.store.access import SYSTEM, Account
from equipment.store.accounts import sessions, users
from tests.mongod import Mongod
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp

PASSWORD = "correct horse battery"
SIGN_IN, SIGN_OUT = "/account/sign-in", "/account/sign-out"
Db = Database[dict[str, Any]]


@contextmanager
def inhabited(
    server: Mongod, *, people: tuple[Role, ...] = ROLES, **environment: str
) -> Iterator[tuple[RunningApp, Db]]:
    """Run the app with one account per role in *people*, named like the role, all with the same password."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with server.client() as client:
        db, password_hash = client[name], PASSWORDS.hash(PASSWORD)
        for role in people:
            users.create(db, SYSTEM, role, role, password_hash=password_hash)
        try:
            with RunningApp(MONGODB_URI=server.uri, MONGODB_DATABASE=name, **environment) as app:
                yield app, db
        finally:
            client.drop_database(name)


def signed_in_page(app: RunningApp, name: str, password: str = PASSWORD, prefix: str = "") -> PageClient:
    """Open a page and sign in through the form."""
    page = PageClient(app.url + prefix).run()
    return page.fill("Name", name).fill("Password", password).press("Sign in")


def ticket_of(page: PageClient) -> str:
    """Give the ticket the page hands to the browser."""
    return str(json.loads(page.errands[-1])["ticket"])


def fresh_ticket(db: Db, name: str) -> str:
    """Give the ticket that a page would hand to the browser right after somebody's sign-in."""
    account, now = Account(name, name, "user"), moments.now()
    session = sessions.open_session(db, account, 0, address="", agent="", lifetimes=sessions.USUAL, now=now)
    return sessions.issue_ticket(db, session, "sign-in", now=now)


def fresh_cookie(app: RunningApp, db: Db, name: str, prefix: str = "") -> str:
    """Give the cookie of a new session."""
    return _redeemed(app, fresh_ticket(db, name), prefix)


def post(app: RunningApp, path: str, body: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Post as our own page's script does, or with other headers."""
    return app.request("POST", path, headers={"Origin": app.url, "Content-Type": "text/plain"} | headers,
                       data=body.encode())


def cookie_of(app: RunningApp, page: PageClient) -> str:
    """Do the browser's errand and give the cookie's text."""
    return _redeemed(app, ticket_of(page))


def _redeemed(app: RunningApp, ticket: str, prefix: str = "") -> str:
    status, headers, _ = post(app, prefix + SIGN_IN, ticket)
    assert status == 204
    return headers["set-cookie"].partition("=")[2].partition(";")[0]
