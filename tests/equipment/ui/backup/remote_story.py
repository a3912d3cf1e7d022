"""What an administrator does with a place off the machine, tab by tab: add it, send there, look, restore from there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import WRITING, Backups
from equipment.offsite import JOB
from tests.equipment.ui.backup.test_restore_remote import cancels, press, texts, until
from tests.equipment.ui.backup.test_tab import host_with_people
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]
PATIENCE = 120


class Story:
    """One administrator at the page, and the installation behind it."""

    def __init__(self, here: Backups, database: Db, folder: Path) -> None:
        self.here, self.database, self.folder = here, database, folder
        self.test = AppTest.from_function(host_with_people, default_timeout=60)
        self.test.session_state["host_role"] = "admin"

    def tab(self, name: str) -> AppTest:
        """Open a sub-tab."""
        self.test.session_state["backup_tab"] = name
        return self.test.run()

    def add(self, name: str, url: str) -> str:
        """Add a remote on Auto Backup; gives what the page says."""
        test = self.tab("Auto Backup")
        (named,) = [box for box in test.text_input if box.label == "Name"]
        (address,) = [box for box in test.text_input if box.label == "Address"]
        named.input(name)
        address.input(url)
        self.click("Add and try out")
        return self.settled(JOB)

    def confirm(self, fingerprint: str) -> str:
        """Type the fingerprint of the server's key, as its administrator says it."""
        self.tab("Auto Backup")
        (box,) = [box for box in self.test.text_input if box.label == "Fingerprint of the server's key"]
        box.input(fingerprint)
        self.click("Confirm this key")
        return self.settled(JOB)

    def create(self) -> None:
        """Press Create Backup Now."""
        self.tab("Create Backup")
        self.click("Create Backup Now")
        assert "Backup created successfully" in self.settled(WRITING)

    def send(self, name: str) -> str:
        """Try the remote out and send what waits."""
        self.tab("Auto Backup")
        press(self.test, f"test_{name}")
        assert f"Remote {name} works." in self.settled(JOB)
        press(self.test, f"push_{name}")
        return self.settled(JOB)

    def lose_the_folder(self) -> None:
        """The backups here are gone, and some of the list."""
        for day in self.folder.glob("*day"):
            shutil.rmtree(day)
        self.database["Equipment"].delete_many({"_id": {"$lt": 7}})

    def look(self, name: str) -> AppTest:
        """Choose the remote on Restore Data, and wait for what lies there, or why nobody knows."""
        test = self.tab("Restore Data")
        test.button_group(key="restore_place").set_value(name).run()
        wait_for(lambda: not cancels(test.run()), "a look into the remote", PATIENCE)
        return test

    def preview(self) -> str:
        """Open the preview."""
        self.test.session_state["remote_preview"] = True
        return texts(until(self.test, "page 1 of"))

    def restore(self) -> str:
        """Compare, confirm and restore; gives what the page says."""
        test = press(self.test, "remote_fetch")
        until(test, "Replace: the list becomes")
        (tick,) = [box for box in test.checkbox if box.label.startswith("Replace Equipment")]
        tick.check()
        test.text_input(key=tick.key.replace("tick_", "count_")).input("30").run()
        press(test, "confirm_")
        return self.settled(WRITING)

    def undo(self) -> None:
        """Take it back."""
        self.click("Undo this restore")
        until(self.test, "Undo: the list becomes what it was before it")
        self.click("Undo this restore now")
        self.settled(WRITING)

    def click(self, label: str) -> None:
        """Press the button of that label."""
        (button,) = [button for button in self.test.button if button.label == label]
        button.click().run()

    def settled(self, kind: str) -> str:
        """Wait for the job that a press began; gives what the page then says."""
        assert self.here.jobs.wait_for(kind, PATIENCE)
        test = self.test.run()
        assert not test.exception
        return texts(test)


def tell(story: Story, name: str) -> None:
    """From the backup to the restore and its undo, over a remote that is added and confirmed."""
    story.create()
    wanted = list(story.database["Equipment"].find())
    assert "1 backup sent" in story.send(name)
    story.lose_the_folder()
    before = list(story.database["Equipment"].find())

    assert f"1 backup in {name}, as of" in texts(story.look(name))
    assert "30 records" in story.preview()
    assert f"from remote {name}" in (said := story.restore()) and "Restore completed successfully" in said
    assert list(story.database["Equipment"].find()) == wanted
    story.undo()
    assert list(story.database["Equipment"].find()) == before
