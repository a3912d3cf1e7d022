"""A message to a service that apprise knows: a webhook that is really asked."""

from __future__ import annotations

import json

from equipment.messages.services import kind_of, send
from equipment.messages.wording import Message
from tests.equipment.messages.servers import http_server
from tests.ports import free_port

MESSAGE = Message("[Lab] A backup failed", "New: A backup failed *now* <b>", "error")


def test_a_webhook_gets_it_as_it_is() -> None:
    with http_server() as (port, asked):
        assert send(f"json://127.0.0.1:{port}/hook", MESSAGE) == ""
        asked.wait_for(1)
    method, path, body = asked.requests[0]
    said = json.loads(body)
    assert (method, path) == ("POST", "/hook")
    assert (said["title"], said["message"], said["type"]) == (MESSAGE.subject, MESSAGE.text, "failure")


def test_one_that_refuses_is_said() -> None:
    with http_server() as (port, asked):
        asked.status = 500
        said = send(f"json://127.0.0.1:{port}/hook", MESSAGE)
    assert said.startswith("json did not take it: Failed to send JSON POST notification: ")
    assert "error=500" in said


def test_one_that_is_not_there_is_said() -> None:
    assert send(f"json://127.0.0.1:{free_port()}/", MESSAGE).startswith("json did not take it: ")


def test_an_address_that_is_none() -> None:
    assert send("slack://x", MESSAGE) == "apprise cannot use this slack address"
    assert kind_of("Slack://TOKEN/x") == "slack"
