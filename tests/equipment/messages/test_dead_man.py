"""The dead-man URL: asked in the style of healthchecks, in order, and without keeping anybody waiting."""

from __future__ import annotations

import pytest

from equipment.messages.dead_man import DeadMan, ping, reach
from tests.equipment.messages.servers import http_server, liar
from tests.ports import free_port


def test_start_success_and_fail() -> None:
    with http_server() as (port, asked):
        base = f"http://127.0.0.1:{port}/KEY"
        assert [ping(base, "start"), ping(base + "/", "success"), ping(base + "?a=1", "fail")] == [""] * 3
    assert asked.requests == [("GET", "/KEY/start", ""), ("GET", "/KEY", ""), ("GET", "/KEY/fail?a=1", "")]


def test_what_fails_is_said_without_the_key() -> None:
    with http_server() as (port, asked):
        asked.status = 404
        assert ping(f"http://127.0.0.1:{port}/KEY", "success") == "the server answered 404"
        asked.status, asked.location = 302, f"http://127.0.0.1:{port}/elsewhere"
        assert ping(f"http://127.0.0.1:{port}/KEY", "success") == "the server answered 302"
        assert asked.wait_for(2) == ["/KEY", "/KEY"]
    assert ping(f"http://127.0.0.1:{free_port()}/KEY", "fail") == "it cannot be reached: Connection refused"
    with liar({}, b"") as port:
        assert ping(f"http://127.0.0.1:{port}/KEY", "fail", 0.2) == "no answer within 0.2 s"
    with liar({}, b"\xff\xfe\r\n") as port:
        assert ping(f"http://127.0.0.1:{port}/KEY", "fail", 0.2).startswith("it cannot be reached: ")


def test_a_test_reaches_the_server_and_reports_nothing() -> None:
    with http_server() as (port, asked):
        asked.status = 404
        assert reach(f"http://127.0.0.1:{port}/KEY?x=1") == ""
        assert asked.requests == [("HEAD", "/", "")]
    assert reach(f"http://127.0.0.1:{free_port()}/KEY") == "it cannot be reached: Connection refused"


def test_pings_go_out_in_their_order_and_are_tried_again() -> None:
    with http_server() as (port, asked):
        asked.status = 500
        man = DeadMan(f"http://127.0.0.1:{port}/KEY", pause=0.01)
        man.tell("start")
        asked.wait_for(1)
        asked.wait_for(3)
        asked.status = 200
        man.tell("fail")
        man.stop()
    assert [path for _, path, _ in asked.requests] == ["/KEY/start"] * 3 + ["/KEY/fail"]
    assert man.last is not None
    assert (man.last.what, man.last.problem) == ("fail", "")


def test_nobody_waits_for_a_server_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    with liar({}, b"") as port:
        man = DeadMan(f"http://127.0.0.1:{port}/KEY")
        for _ in range(40):
            man.tell("success")
        man.stop(0.01)
    assert "the dead-man URL is not told of a success: 20 earlier pings wait" in caplog.text
    assert "KEY" not in caplog.text
