"""Who is told what: addresses of both kinds, whom the watchdog means, and that nobody listening hurts nobody."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

import pytest

from equipment.server.sd_notify import Manager, manager


def heard(address: str, said: Manager, **facts: str | int) -> str:
    """What arrives at a socket when facts are told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + address[1:] if address.startswith("@") else address)
        receiver.settimeout(5)
        said.tell(**facts)
        return receiver.recv(4096).decode()


@pytest.mark.parametrize("abstract", [False, True])
def test_facts_arrive_a_line_each(abstract: bool, tmp_path: Path) -> None:
    address = f"@equipment-{uuid.uuid4()}" if abstract else str(tmp_path / "notify")

    assert heard(address, Manager(address), READY=1, STATUS="two\nlines") == "READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody", ""])
def test_nobody_at_the_other_end_is_no_fault(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    Manager(address).tell(READY=1)

    assert [record.getMessage().startswith("systemd cannot be told READY") for record in caplog.records] == (
        [True] if address else [])


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        for _ in range(5000):
            Manager(str(tmp_path / "notify")).tell(WATCHDOG=1)
            if caplog.records:
                break

    assert "cannot be told WATCHDOG" in caplog.text


@pytest.mark.parametrize(("given", "seconds"), [
    ({"WATCHDOG_USEC": "60000000"}, 60.0),
    ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
    ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
    ({"WATCHDOG_USEC": "soon"}, 0.0),
    ({}, 0.0),
])
def test_the_environment_says_it_once_and_no_child_hears_it(given: dict[str, str], seconds: float) -> None:
    environment = {"NOTIFY_SOCKET": "/run/notify", "HOME": "/", **given}

    assert manager(environment) == Manager("/run/notify", seconds)
    assert environment == {"HOME": "/"}
    assert manager(environment) == Manager()


def test_an_address_of_another_kind_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert manager({"NOTIFY_SOCKET": "vsock:2:1234"}) == Manager()
    assert "vsock:2:1234" in caplog.text
