"""Mails behind the page: bounded, tried again, never in the way of each other, and never from a copy that stands by."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

import pytest
from pymongo.errors import AutoReconnect

from equipment.messages.personal import post
from equipment.messages.personal.post import MOST_WAITING, Letter, Post
from equipment.messages.wording import Message
from equipment.settings import Settings
from tests.equipment.messages.personal.posts import ADDRESS, SETTINGS, Kept
from tests.equipment.messages.servers import Inbox, mail_server

HELLO = Message("Equipment list: hello", "One line.\n")


def letter(name: str = "ada") -> Letter:
    return Letter(f"{name}@example.org", HELLO)


def test_it_is_written_and_sent_behind_the_caller() -> None:
    with mail_server(inbox := Inbox()) as port:
        here = Post(Settings(smtp_url=f"smtp://127.0.0.1:{port}?starttls=off", mail_from="lab@example.org"))
        done, threads = threading.Event(), list[str]()

        def write() -> Sequence[Letter]:
            threads.append(threading.current_thread().name)
            return [letter()]

        here.start()
        assert here.hand_over(write)
        assert here.hand_over(lambda: done.set() or [])
        assert done.wait(20)
        here.stop()

    assert threads == ["personal-mails"]
    assert inbox.recipients == [["ada@example.org"]]
    assert inbox.mails[0]["subject"] == HELLO.subject and inbox.mails[0].get_content().strip() == "One line."


def test_a_bounded_number_waits() -> None:
    here = Kept()

    taken = [here.hand_over(lambda: [letter()]) for _ in range(MOST_WAITING + 3)]

    assert taken == [True] * MOST_WAITING + [False] * 3
    here.tick()
    assert len(here.sent) == MOST_WAITING and here.hand_over(list)


def test_what_is_refused_is_tried_twice_more_and_then_given_up(caplog: pytest.LogCaptureFixture) -> None:
    here = Kept()
    here.problem = "no answer within 30 s"
    here.hand_over(lambda: [letter()])

    waits = list[float | None]()
    for _ in range(3):
        waits.append(wait := here.tick())
        here.seconds += wait or 0

    assert waits == [60, 300, None] and here.sent == []
    assert [record.getMessage() for record in caplog.records] == [
        "a mail about an account was not sent: no answer within 30 s"] * 2 + [
        "a mail about an account was not sent and is given up: no answer within 30 s"]


def test_only_what_was_refused_is_sent_again() -> None:
    here, written = Kept(), list[int]()

    def write() -> Sequence[Letter]:
        written.append(1)
        return [letter()]

    here.problem = "closed"
    here.hand_over(write)
    here.tick()
    here.problem, here.seconds = "", 60
    here.tick()

    assert here.sent == [letter()] and written == [1]


def test_a_database_that_is_away_is_asked_again_and_a_fault_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    here, troubles = Kept(), [AutoReconnect("secret words of a server")]

    def write() -> Sequence[Letter]:
        if troubles:
            raise troubles.pop()
        return [letter("bob")]

    def broken() -> Sequence[Letter]:
        raise KeyError("x")

    for each in (write, broken, lambda: [letter()]):
        here.hand_over(each)
    with caplog.at_level(logging.WARNING):
        here.tick()
    assert here.sent == [letter()] and "secret words" not in caplog.text

    here.seconds = 60
    here.tick()
    assert here.sent == [letter(), letter("bob")]


def test_an_address_that_no_mail_goes_to_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    here = Kept()
    for address in ("ädä@example.org", "a@b.c\r\nBcc: eve@example.org", "ada@example.org"):
        here.hand_over(lambda address=address: [Letter(address, HELLO)])
    here.tick()

    assert here.sent == [letter()]
    assert "eve" not in caplog.text and "no address for mails" in caplog.text


def test_a_copy_that_stands_by_writes_to_nobody() -> None:
    here, written = Kept(), list[int]()
    here.standing_by = True
    here.hand_over(lambda: written.append(1) or [letter()])
    here.tick()

    assert not here.sends_links and written == [] and here.sent == []


@pytest.mark.parametrize(("settings", "address", "offered"), [
    (SETTINGS, ADDRESS, True), (SETTINGS, "", False), (Settings(public_url=ADDRESS), ADDRESS, False)])
def test_links_need_a_mail_server_and_an_address(settings: Settings, address: str, offered: bool) -> None:
    post.start(settings, address=address, silent=lambda: False)
    try:
        here = post.running()
        assert (here is not None and here.sends_links) is offered
    finally:
        post.stop()
    assert post.running() is None
