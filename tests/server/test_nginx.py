"""Behind a real nginx with the lines of deploy/nginx.conf: at the root, below a path, and below one it takes off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from pymongo.database import Database

from equipment.ui import links
from tests.mongod import Mongod
from tests.server.accounts import PASSWORD, inhabited
from tests.server.nginx import Nginx
from tests.server.running_app import RunningApp

PATH = "/lab/stores"
TOKEN = "0123456789-token"


@dataclass
class Behind:
    """An app and what stands in front of it."""

    proxy: Nginx
    app: RunningApp
    db: Database[dict[str, Any]]


@pytest.fixture(scope="module", params=["root", "passed on", "taken off"])
def behind(request: pytest.FixtureRequest, shared_mongod: Mongod) -> Iterator[Behind]:
    """One of the three locations, with an administrator and one record."""
    prefix = "" if request.param == "root" else PATH
    with Nginx(prefix=prefix, strip=request.param == "taken off") as proxy:
        options = {
            "root": {},  # what the proxy passes on is enough
            "passed on": {"STREAMLIT_SERVER_BASE_URL_PATH": PATH},
            "taken off": {"EQUIPMENT_PUBLIC_URL": proxy.page},
        }[request.param]
        with inhabited(shared_mongod, people=("admin",), EQUIPMENT_HEALTH_TOKEN=TOKEN, **options) as (app, db):
            db["Equipment"].insert_one({"ID": 7, "Vendor": "Acme"})
            proxy.serve(app.port)
            yield Behind(proxy, app, db)


@pytest.fixture
def browser(behind: Behind) -> Iterator[httpx.Client]:
    """A browser without cookies."""
    with behind.proxy.browser() as browser:
        yield browser


def sign_in(proxy: Nginx, browser: httpx.Client) -> Cookie:
    """Sign in through the form, do the browser's errand, and give the cookie that was set."""
    with proxy.tab(browser) as page:
        page.run().fill("Name", "admin").fill("Password", PASSWORD).press("Sign in")
        errand = json.loads(page.errands[-1])
    answer = browser.post(urljoin(proxy.page, errand["path"]), content=errand["ticket"])
    assert answer.status_code == 204
    return next(cookie for cookie in browser.cookies.jar if cookie.name.startswith("equipment_session"))


def test_a_sign_in_lasts_after_a_reload(behind: Behind, browser: httpx.Client) -> None:
    cookie = sign_in(behind.proxy, browser)

    assert (cookie.path, cookie.secure) == (behind.proxy.prefix or "/", True)
    with behind.proxy.tab(browser) as again:
        assert not again.run().has_field("Password")


def test_a_download_is_the_file(behind: Behind, browser: httpx.Client) -> None:
    sign_in(behind.proxy, browser)

    answer = browser.get(urljoin(behind.proxy.page, links.to("/list.csv")))

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    assert "Acme" in answer.text


@pytest.mark.parametrize("path", ["healthz", "livez", "readyz"])
def test_a_monitor_hears_the_app(behind: Behind, browser: httpx.Client, path: str) -> None:
    answer = browser.get(behind.proxy.page + path)

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json().keys() <= {"status", "code"}


def test_a_monitor_records_what_the_app_tells(behind: Behind, browser: httpx.Client) -> None:
    assert browser.get(behind.proxy.page + "metrics").status_code == 401

    answer = browser.get(behind.proxy.page + "metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert "equipment_database_up 1.0" in answer.text


def test_the_page_comes_with_its_scripts_and_promises_tls(behind: Behind, browser: httpx.Client) -> None:
    address = behind.proxy.page.rstrip("/") if behind.proxy.prefix else behind.proxy.page
    answer = browser.get(address, follow_redirects=True)

    assert str(answer.url) == behind.proxy.page
    assert "strict-transport-security" in answer.headers
    script = answer.text.partition('src="')[2].partition('"')[0]
    assert "javascript" in browser.get(urljoin(behind.proxy.page, script)).headers["content-type"]


def test_an_upload_that_is_larger_than_nginx_allows_by_itself(behind: Behind, browser: httpx.Client) -> None:
    sign_in(behind.proxy, browser)
    browser.get(behind.proxy.page + "_stcore/health")  # Streamlit's own cookie against forged uploads
    with behind.proxy.tab(browser) as page:
        path = page.run().upload_path("backup.zip")
        answer = browser.put(
            urljoin(behind.proxy.page, path.lstrip("/")), files={"file": ("backup.zip", b"x" * 2_000_000)},
            headers={"X-Xsrftoken": browser.cookies["_streamlit_xsrf"]},
        )

    assert answer.status_code == 204


def test_without_tls_it_is_only_sent_there(behind: Behind) -> None:
    answer = httpx.get(f"http://127.0.0.1:{behind.proxy.plain}{behind.proxy.prefix}/healthz?x=1")

    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://127.0.0.1{behind.proxy.prefix}/healthz?x=1"
