"""A real browser behind a proxy that takes a path off, before a server that nobody has told of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import people
from tests.mongod import Mongod
from tests.server.nginx import Nginx
from tests.server.running_app import RunningApp

pytestmark = pytest.mark.browser
NAME = "tests_browser_taken_off"


def test_sign_in_and_downloads_work_below_the_path_that_only_the_browser_sees(
    chromium: Browser, shared_mongod: Mongod
) -> None:
    options = {"MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": NAME, **people.ADMINISTRATOR}
    with shared_mongod.client() as client, Nginx(prefix="/lab", strip=True) as proxy, RunningApp(**options) as app:
        client[NAME]["Equipment"].insert_one({"ID": 7, "Vendor": "Acme"})
        proxy.serve(app.port)
        visitor = chromium.new_context(ignore_https_errors=True)
        page = visitor.new_page()
        page.goto(proxy.page)
        with page.expect_response(re.compile("/lab/account/sign-in$")) as answer:
            people.sign_in(page, kept=False)
        assert answer.value.status == 204  # with the cookie, whose name the port of the proxy does not tell

        page.goto(proxy.page)
        page.get_by_role("button", name="Download", exact=True).click(timeout=people.SLOW)
        link = page.get_by_role("dialog").get_by_role("link", name="Download")
        expect(link).to_be_visible(timeout=people.SLOW)
        file = visitor.request.get(str(link.evaluate("link => link.href")))

        assert file.headers["content-type"].startswith("text/csv")
        assert "Acme" in file.text()
        visitor.close()
        client.drop_database(NAME)
