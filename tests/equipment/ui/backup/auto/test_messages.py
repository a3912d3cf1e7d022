"""The section Messages: what is set up without its secrets, what is chosen and by whom, and a test that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import Backups
from equipment.messages.outbox import Box
from equipment.messages.state import State, as_data
from equipment.messages.troubles import Known, News
from equipment.store import messages as stored
from equipment.store.access import SYSTEM
from tests.equipment.messages.servers import Asked, http_server
from tests.equipment.ui.backup.place import opened, press, said
from tests.ports import free_port
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]
SECRET = "KEY-OF-THE-HOOK"


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[int, Asked]]:
    with http_server() as server:
        yield server


@pytest.fixture
def options(hook: tuple[int, Asked], request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"smtp_url": f"smtp://robot@127.0.0.1:{free_port()}", "mail_from": "lab@example.org",
            "smtp_password": SECRET, "notify": f"ops=json://127.0.0.1:{hook[0]}/{SECRET}",
            "dead_man_url": f"https://hc-ping.com/{SECRET}",
            **getattr(request, "param", {})}


def texts(test: AppTest) -> str:
    return said(test) + "\n" + "\n".join(each.value for each in test.text)


@pytest.mark.parametrize("options", [{"smtp_url": "", "notify": None, "dead_man_url": None}], indirect=True)
def test_nothing_set_up(place: Backups) -> None:
    test = opened("auto.messages")
    assert "Nobody is told when backups stop." in said(test)
    assert [button.label for button in test.button] == []


def test_what_is_set_up_shows_no_secret(place: Backups) -> None:
    page = texts(opened("auto.messages"))
    for words in ("(STARTTLS)", "Given by `EQUIPMENT_SMTP_URL`. Everything.", "To nobody yet",
                  "Given by `EQUIPMENT_NOTIFY`. Warnings and errors.", "hc-ping.com (https)",
                  "Given by `EQUIPMENT_DEAD_MAN_URL`."):
        assert words in page
    assert SECRET not in page


def test_what_is_chosen_is_stored_and_a_wrong_address_is_said(place: Backups, database: Db) -> None:
    test = opened("auto.messages")
    test.text_area[0].set_value("ada@example.org\nBcc: eve")
    press(test, "Store")
    assert "'Bcc:' is no mail address such as lab@example.org." in said(test)
    assert stored.choices(database) == {}

    test.text_area[0].set_value("ada@example.org\nbob@example.org")
    test.selectbox[0].set_value("error")
    test.multiselect[0].unselect("sign_up")
    test.toggle[1].set_value(True)
    press(test, "Store")
    assert "Stored." in said(test)
    chosen = stored.choices(database)
    assert chosen["mail_to"] == ["ada@example.org", "bob@example.org"]
    assert (chosen["least"], chosen["off"], chosen["calibration"]) == (
        {"mail": "error"}, ["sign_up"], True)
    assert "To ada@example.org, bob@example.org" in texts(test)


def test_what_somebody_else_changed_is_not_undone(place: Backups, database: Db) -> None:
    test = opened("auto.messages")
    stored.choose(database, SYSTEM, {"mail_to": ["eve@example.org"]}, 0, "")
    test.text_area[0].set_value("ada@example.org")
    press(test, "Store")
    assert "These settings were changed meanwhile" in said(test)
    assert test.text_area[0].value == "eve@example.org"
    assert stored.choices(database)["version"] == 1


@pytest.mark.parametrize("options", [{"mail_to": "lab@example.org"}], indirect=True)
def test_recipients_of_an_option_cannot_be_edited(place: Backups) -> None:
    test = opened("auto.messages")
    assert (test.text_area[0].value, test.text_area[0].disabled) == ("lab@example.org", True)
    assert "Given by `EQUIPMENT_MAIL_TO` of this installation, and not changed here." in said(test)


def test_a_test_message_says_what_came_of_each(place: Backups, hook: tuple[int, Asked]) -> None:
    test = press(opened("auto.messages"), "Send a test message")
    job = place.jobs.latest("messages")
    assert job is not None
    wait_for(lambda: not job.running, "the test message")
    test.run()
    page = texts(test)
    assert "mail: nobody is named who gets mails." in page
    assert "ops: taken." in page
    assert hook[1].requests[-1][:2] == ("POST", f"/{SECRET}")
    press(test, "Dismiss")
    assert "ops: taken." not in texts(test)


def test_what_was_sent_what_waits_and_what_is_wrong(place: Backups, database: Db) -> None:
    now = place.now()
    news = News("new", "disk", "", "", now, now)
    state = State(turn=1, first=now, troubles=(Known("upload", "cloud", "*Why.*", now, now, True),), boxes={
        "mail": Box(news=(news,), tries=1, problem="no answer within 10 s", next_try=now),
        "ops": Box(sent="[L] A backup failed", sent_at=now)})
    stored.keep(database, as_data(state), 0)
    page = texts(opened("auto.messages"))
    assert "1 message waiting, tried again at " in page
    assert "The last try: no answer within 10 s" in page
    assert "Sent last, just now: [L] A backup failed" in page
    assert "For under a minute: Backups do not reach a remote: cloud. *Why.*" in page


def test_only_administrators_store_and_send(place: Backups, database: Db) -> None:
    test = opened("auto.messages", role="manager")
    press(test, "Send a test message")
    assert "Admin only" in said(test)
    test.text_area[0].set_value("ada@example.org")
    press(test, "Store")
    assert stored.choices(database) == {}
