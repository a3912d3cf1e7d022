"""Sign-in through a real OpenID Connect provider that runs here, in a real browser."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.browser import grid
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

oidc_provider_mock = pytest.importorskip("oidc_provider_mock", reason="pip install -r requirements-dev.txt brings it")
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
SECONDS = 60_000
DATABASE = "oidc"
SECRETS = """
[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "{secret}"
client_id = "equipment"
client_secret = "client secret of the test"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""
COOKIE_SECRET = "cookie secret of the test, long enough for anybody"


class AppWithProvider(RunningApp):
    """An app whose secrets file names the provider and the app's own address."""

    provider: str

    def _start(self) -> subprocess.Popen[bytes]:
        secrets = self.folder / "secrets.toml"
        secrets.write_text(SECRETS.format(app=self.url, secret=COOKIE_SECRET, provider=self.provider))
        self.environment = {**self.environment, "STREAMLIT_SECRETS_FILES": str(secrets)}
        return super()._start()


@contextmanager
def people(provider: str, **claims: dict[str, object]) -> Iterator[None]:
    """Tell the provider who exists and what it says of them."""
    for subject, said in claims.items():
        body = json.dumps(said).encode()
        kind = {"Content-Type": "application/json"}
        request = Request(f"{provider}/users/{quote(subject)}", body, kind, method="PUT")
        with urlopen(request, timeout=20) as answer:
            assert answer.status == 204
    yield


ADA: dict[str, object] = {"name": "Ada Lovelace", "groups": ["chiefs", "lab"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that knows an administrator, a technician and a stranger."""
    with oidc_provider_mock.run_server_in_thread() as server:
        address = f"http://localhost:{server.server_port}"
        with people(
            address,
            ada=ADA, bob={"name": "Bob", "groups": ["lab"]},
            eve={"name": "Eve", "groups": ["elsewhere"]},
        ):
            yield address


@pytest.fixture(scope="module")
def app(provider: str, shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app with that provider; a local administrator exists too."""
    AppWithProvider.provider = provider
    folder: Path = tmp_path_factory.mktemp("oidc")
    with AppWithProvider(
        folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=DATABASE,
        EQUIPMENT_ADMIN_USER="Local", EQUIPMENT_ADMIN_PASSWORD="correct horse battery",
        EQUIPMENT_OIDC="true", EQUIPMENT_OIDC_ROLES='{"chiefs": "admin", "lab": "technician"}',
    ) as running:
        yield running


def sign_in(page: Page, app: RunningApp, subject: str) -> None:
    """Go to the provider and come back as *subject*."""
    page.goto(app.url, timeout=SECONDS)
    page.get_by_role("button", name="Sign in with your organisation").click(timeout=SECONDS)
    answer(page, subject)


def answer(page: Page, subject: str) -> None:
    """Be *subject* at the provider."""
    page.get_by_placeholder("sub").fill(subject, timeout=SECONDS)
    page.get_by_role("button", name="Authorize").click()


def test_claims_decide_the_role(page: Page, app: RunningApp) -> None:
    sign_in(page, app, "ada")

    expect(page.get_by_role("tab", name="User Management")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("button", name="Ada Lovelace")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="User Management")).to_be_visible(timeout=SECONDS)
    wait_for(lambda: page.request.get(f"{app.url}/list.csv").status == 200, "the cookie with which one downloads")
    assert page.request.get(f"{app.url}/activity.csv").headers["content-disposition"].startswith("attachment")


def test_others_get_the_role_of_their_group(page: Page, app: RunningApp) -> None:
    sign_in(page, app, "bob")

    expect(page.get_by_role("tab", name="Equipment Records")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("tab", name="User Management")).to_have_count(0)


def test_without_a_role_nobody_gets_in(page: Page, app: RunningApp) -> None:
    sign_in(page, app, "eve")

    expect(page.get_by_text("has no role here")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("tab", name="Equipment Records")).to_have_count(0)


def test_signed_out_means_the_provider_is_asked_again(page: Page, app: RunningApp, provider: str) -> None:
    sign_in(page, app, "bob")
    page.get_by_role("button", name="Bob").click(timeout=SECONDS)
    # To end the session there as well. The provider sends the browser back, sometimes before one could look.
    with page.expect_request(lambda request: request.url.startswith(provider), timeout=SECONDS):
        page.get_by_role("menuitem", name="Log out").click()

    other = page.context.new_page()  # this one may still be on its way to the provider
    other.goto(app.url)
    expect(other.get_by_role("button", name="Sign in with your organisation")).to_be_visible(timeout=SECONDS)
    assert COOKIE_SECRET not in app.console()
    assert "client secret of the test" not in app.console()


def confirm_restore(page: Page, app: RunningApp) -> None:
    """Open the restore of the backup that the app makes when it starts, and fill in its confirmation."""
    wait_for(lambda: "backup.auto.created" in app.console(), "the automatic backup", SECONDS / 1000)
    page.get_by_role("tab", name="Backup & Restore").click(timeout=SECONDS)
    page.get_by_role("tab", name="Restore Data").click(timeout=SECONDS)
    page.get_by_text("Replace Equipment with the backup").click(timeout=SECONDS)
    page.get_by_label("Type the number of records").fill("0")
    page.get_by_label("Type the number of records").press("Enter")


def go_again(page: Page, provider: str, **said: object) -> None:
    """Press the button of the restore, answer the question at the provider, which says this of it, and come back."""
    page.get_by_role("button", name="Confirm and Restore").click(timeout=SECONDS)
    ask_again(page, provider, **said)


def ask_again(page: Page, provider: str, **said: object) -> None:
    page.get_by_role("button", name="Sign in with your organisation again").click(timeout=SECONDS)
    page.wait_for_url(f"{provider}/**", timeout=SECONDS)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    with people(provider, ada={**ADA, **said}):
        answer(page, "ada")


def still_filled_in(page: Page) -> None:
    """Tick and number stand there as they were left."""
    expect(page.get_by_role("checkbox", name="Replace Equipment with the backup")).to_be_checked(timeout=SECONDS)
    expect(page.get_by_label("Type the number of records")).to_have_value("0")


def test_what_was_filled_in_survives_the_question_at_the_provider(page: Page, app: RunningApp, provider: str) -> None:
    long_ago = int(time.time()) - 3600
    with people(provider, ada={**ADA, "auth_time": long_ago}):  # the provider remembers her, and asked nothing
        sign_in(page, app, "ada")
    confirm_restore(page, app)

    go_again(page, provider, auth_time=None)
    expect(page.get_by_text("does not say when you signed in")).to_be_visible(timeout=SECONDS)
    ask_again(page, provider, auth_time=long_ago)
    expect(page.get_by_text("did not ask who you are")).to_be_visible(timeout=SECONDS)
    page.keyboard.press("Escape")
    still_filled_in(page)
    go_again(page, provider, auth_time=int(time.time()))

    expect(page.get_by_text("Nothing was done yet: press the button again")).to_be_visible(timeout=SECONDS)
    still_filled_in(page)
    page.get_by_role("button", name="Confirm and Restore").click()
    expect(page.get_by_role("button", name="Done")).to_be_visible(timeout=SECONDS)


def test_rows_that_were_ticked_in_the_trash_are_ticked_again(
    page: Page, app: RunningApp, provider: str, shared_mongod: Mongod
) -> None:
    with people(provider, ada={**ADA, "auth_time": int(time.time()) - 3600}):
        sign_in(page, app, "ada")
    with shared_mongod.client() as client:
        moved = {"by": "ada", "at": datetime.now(UTC)}
        client[DATABASE].Equipment_trash.insert_one({"record": {"_id": "r1", "ID": 1}, **moved})
    page.get_by_text("Trash", exact=True).click(timeout=SECONDS)
    back = page.get_by_role("button", name="Bring back 1")
    grid.click_until(page, 0, 16, back)

    page.get_by_role("button", name="Delete for good").click()
    ask_again(page, provider, auth_time=int(time.time()))

    expect(page.get_by_text("Nothing was done yet: press the button again")).to_be_visible(timeout=SECONDS)
    expect(back).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("1 record will be gone from the trash")).to_be_visible(timeout=SECONDS)
