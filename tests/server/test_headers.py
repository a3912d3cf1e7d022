"""What every answer carries, and how much may be sent."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import psutil
import pytest

from equipment.server.gate.headers import HEADERS
from equipment.settings import ROOT
from tests.server.running_app import RunningApp


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false") as running:
        yield running


@pytest.mark.parametrize("path", [
    "/", "/healthz", "/livez", "/readyz", "/metrics", "/_stcore/health", "/no/such/path", "/static/no-such-file.js",
])
def test_every_answer_carries_the_security_headers(app: RunningApp, path: str) -> None:
    _, headers, _ = app.get(path)

    assert {name: headers.get(name.lower()) for name in HEADERS} == HEADERS


def test_the_page_comes_from_this_server_only() -> None:
    policy = HEADERS["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy
    assert "ws:" not in policy and "wss:" not in policy


@pytest.mark.parametrize("rule", [
    "form-action 'self'", "frame-ancestors 'self'", "base-uri 'self'", "object-src 'none'",
    "connect-src 'self' data: blob:",
])
def test_nothing_is_sent_framed_or_embedded_elsewhere(rule: str) -> None:
    assert rule in HEADERS["Content-Security-Policy"].split("; ")


def test_no_promise_of_tls_without_tls(app: RunningApp) -> None:
    assert "strict-transport-security" not in app.get("/", **{"X-Forwarded-Proto": "http"})[1]


def test_the_health_check_is_not_cached_and_takes_no_posts(app: RunningApp) -> None:
    assert app.get("/healthz")[1]["cache-control"] == "no-store"
    assert app.request("POST", "/healthz", data=b"x")[0] == 405


def test_a_page_of_another_site_may_not_read_answers(app: RunningApp) -> None:
    assert "access-control-allow-origin" not in app.get("/healthz", Origin="https://evil.example")[1]


def test_an_upload_of_nobody_is_refused(app: RunningApp) -> None:
    status, _, _ = app.request("PUT", "/_stcore/upload_file/nobody/1", data=b"x" * 100)

    assert status in (400, 403)


def test_the_configuration_limits_uploads_and_tells_nobody_anything() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))

    assert config["server"]["maxUploadSize"] <= 200
    assert config["server"]["enableXsrfProtection"]
    assert config["server"]["address"] == "127.0.0.1"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


def test_only_this_machine_is_served(app: RunningApp) -> None:
    sockets = psutil.Process(app.process.pid).net_connections("inet")
    addresses = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}
