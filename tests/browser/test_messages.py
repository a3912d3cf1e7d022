"""Messages on the page of a running server: somebody is named, a test arrives, and a real trouble is told by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import people
from tests.equipment.messages.servers import Asked, Inbox, http_server, mail_server
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser
NAME = "browser_messages"
Servers = tuple[RunningApp, Inbox, Asked]


@pytest.fixture(scope="module")
def servers(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("app")
    with shared_mongod.client() as client, mail_server(inbox := Inbox()) as mail, http_server() as (web, asked):
        client[NAME]["Equipment"].insert_many([{"_id": n, "ID": n, "Location": "Lab"} for n in range(12)])
        with RunningApp(
            folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME, BACKUP_FOLDER=str(folder / "backups"),
            EQUIPMENT_SMTP_URL=f"smtp://127.0.0.1:{mail}?starttls=off", EQUIPMENT_MAIL_FROM="lab@example.org",
            EQUIPMENT_DEAD_MAN_URL=f"http://127.0.0.1:{web}/KEY", EQUIPMENT_DEAD_MAN_PLAIN_HTTP="true",
            EQUIPMENT_PUBLIC_URL="https://example.org/lab", **people.ADMINISTRATOR,
        ) as app:
            yield app, inbox, asked
        client.drop_database(NAME)


def test_somebody_is_told(servers: Servers, chromium: Browser) -> None:
    app, inbox, asked = servers
    assert asked.wait_for(2)[:2] == ["/KEY/start", "/KEY"]  # the server's first backup
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.goto(app.url)
    people.sign_in(page)
    page.get_by_role("tab", name="Backup & Restore").click()
    page.get_by_role("tab", name="Auto Backup").click()
    page.get_by_role("textbox", name="Recipients of the mails").fill("ada@example.org")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(page.get_by_text("To ada@example.org")).to_be_visible()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("mail: taken.")).to_be_visible()
    expect(page.get_by_text("dead-man: the server answers.")).to_be_visible()
    assert "KEY" not in page.content()
    context.close()

    mail = inbox.mails[-1]
    assert mail["subject"].endswith("] Test message")
    assert "asked for by Ada. Nothing is wrong." in mail.get_content()
    assert "KEY" not in app.log.read_text()
