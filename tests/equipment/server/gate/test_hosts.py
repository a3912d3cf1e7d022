"""Which names this server answers to."""

from __future__ import annotations

import socket

import pytest

from equipment.server.gate.hosts import Hosts, of_installation
from equipment.settings import Settings
from tests.server.running_app import wait_for


@pytest.mark.parametrize("header", [
    "localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1:8501", "[::1]:8501", "192.168.1.7", "lab.example:443",
    f"{socket.gethostname()}:80",
])
def test_own_names_and_numbers(header: str) -> None:
    assert of_installation(Settings(public_url="https://lab.example/list")).allow(header)


@pytest.mark.parametrize("header", [
    "", "evil.example", "localhost.evil.example", "lab.example.evil.example", "evil.example:8501", "a@localhost",
    "localhost/evil", "localhost?x", "localhost#x", "localhost:port", "localhost:99999", "[::1", "local host",
    "evil.example\tlocalhost", "xlab.example", "127.0.0.1.evil.example",
])
def test_foreign_names_and_what_is_no_name(header: str) -> None:
    assert not of_installation(Settings(public_url="https://lab.example/list")).allow(header)


def test_the_whole_name_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "Lab-PC.example.org")
    hosts = of_installation(Settings())

    wait_for(lambda: hosts.allow("lab-pc.example.org:8501"), "the answer of the resolver")


def test_names_that_the_option_adds() -> None:
    hosts = of_installation(Settings(allowed_hosts=" Tools.example, *.lab.example "))

    assert hosts.allow("tools.example:8501") and hosts.allow("a.b.lab.example")
    assert not hosts.allow("lab.example") and not hosts.allow("evillab.example")
    assert Hosts(["*"]).allow("anything.example") and not Hosts(["*"]).allow("")


@pytest.mark.parametrize("value", ["https://lab.example", "lab.example:80", "lab.example/x", "a b", "*.", "*x", ".x"])
def test_an_option_that_names_no_host_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is no name of a host"):
        Settings(allowed_hosts=value)
