"""A forgotten password on a running server, with a mail server and a browser: from the question to the dead link."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store.access import USERS
from tests.browser import people
from tests.equipment.messages.servers import Inbox, mail_server
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_forgotten"
PUBLIC = "https://lab.example/equipment"
NEW = "four words nobody guesses"


@pytest.fixture(scope="module")
def servers(shared_mongod: Mongod) -> Iterator[tuple[RunningApp, Db, Inbox]]:
    with shared_mongod.client() as client, mail_server(inbox := Inbox()) as mail:
        with RunningApp(
            MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME, EQUIPMENT_MAIL_FROM="lab@example.org",
            EQUIPMENT_SMTP_URL=f"smtp://127.0.0.1:{mail}?starttls=off", EQUIPMENT_PUBLIC_URL=PUBLIC,
            **people.ADMINISTRATOR,
        ) as app:
            client[NAME][USERS].update_one({"_id": "ada"}, {"$set": {"email": "ada@example.org"}})
            yield app, client[NAME], inbox
        client.drop_database(NAME)


def ask(page: Page, app: RunningApp, name: str) -> str:
    """Ask for a link; gives what the page answers."""
    page.goto(app.url)
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_role("textbox", name="Name or e-mail").fill(name)
    page.get_by_role("button", name="Send me a link").click()
    answer = page.get_by_text("a link is on its way")
    expect(answer).to_be_visible(timeout=people.SLOW)
    return answer.inner_text()


def link_in(inbox: Inbox, count: int, app: RunningApp) -> str:
    """Wait for so many mails; gives the link in the last one, as it leads to this server."""
    wait_for(lambda: len(inbox.mails) >= count, "the mail", 30)
    found = re.search(rf"{PUBLIC}(/\?\S+#new-password=\S+)", inbox.mails[-1].get_content())
    assert found, inbox.mails[-1].get_content()
    return app.url + found[1]


def choose(page: Page, password: str) -> None:
    """Fill the form behind the link and send it."""
    page.get_by_role("textbox", name="New password", exact=True).fill(password)
    page.get_by_role("textbox", name="New password again").fill(password)
    page.get_by_role("button", name="Change password").click()


def test_from_the_question_to_the_dead_link(
    servers: tuple[RunningApp, Db, Inbox], page: Page, chromium: Browser
) -> None:
    app, _, inbox = servers
    page.set_default_timeout(people.SLOW)
    signed_in = chromium.new_context().new_page()
    signed_in.set_default_timeout(people.SLOW)
    signed_in.goto(app.url)
    people.sign_in(signed_in)
    assert ask(page, app, "nobody") == ask(page, app, "Ada@Example.org")
    link = link_in(inbox, 1, app)
    secret = link.partition("#new-password=")[2]
    assert inbox.recipients == [["ada@example.org"]] and len(secret) == 64
    urllib.request.urlopen(link.partition("#")[0]).close()  # as a program that looks at links in mails does

    requested = list[str]()
    page.on("request", lambda request: requested.append(f"{request.url} {request.headers}"))
    page.goto(link)
    expect(page.get_by_text("For the account Ada")).to_be_visible(timeout=people.SLOW)
    assert page.url.rstrip("/") == app.url
    assert requested and not any(secret in each.partition("#")[0] or secret in each.partition(" {")[2]
                                 for each in requested)
    choose(page, "password123")
    expect(page.get_by_text("would be guessed among the first")).to_be_visible()
    choose(page, NEW)
    expect(page.get_by_text("The new password of Ada counts from now on.")).to_be_visible(timeout=people.SLOW)

    signed_in.get_by_role("tab", name="Activity").click()
    expect(signed_in.get_by_role("button", name="Sign in", exact=True)).to_be_visible(timeout=people.SLOW)
    page.go_back()
    expect(page.get_by_text("Forgot your password?").first).to_be_visible(timeout=people.SLOW)
    page.goto(link)
    expect(page.get_by_text("This link no longer works.")).to_be_visible(timeout=people.SLOW)

    page.get_by_role("button", name="Back", exact=True).click()
    people.sign_in(page, password=NEW)
    wait_for(lambda: len(inbox.mails) == 2, "the notice", 30)
    assert inbox.mails[-1]["subject"] == "Equipment list: your password was changed"
    assert secret not in app.log.read_text() and secret not in inbox.mails[-1].get_content()
    signed_in.context.close()


def test_whoever_is_signed_in_chooses_another_and_is_asked_anew(
    servers: tuple[RunningApp, Db, Inbox], page: Page, chromium: Browser
) -> None:
    app, db, inbox = servers
    db["equipment_attempts"].delete_many({})
    before, visitor = len(inbox.mails), chromium.new_context().new_page()
    visitor.set_default_timeout(people.SLOW)
    ask(visitor, app, people.NAME)
    link = link_in(inbox, before + 1, app)
    visitor.context.close()
    page.goto(app.url)
    people.sign_in(page, password=NEW)

    page.goto(link)
    expect(page.get_by_text("For the account Ada")).to_be_visible(timeout=people.SLOW)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("tab", name="Equipment Records")).to_be_visible(timeout=people.SLOW)
    page.goto("about:blank")
    page.goto(link)
    choose(page, people.PASSWORD)
    page.get_by_role("button", name="Go to the sign-in").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible(timeout=people.SLOW)
    people.sign_in(page)
