"""A backup of another server stands on this one's page with its progress, and can be stopped from there."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.api import DatabaseBackupRestore, Preferences
from backup_engine.errors import Cancelled
from backup_engine.model import Progress, Watch
from equipment.backups import Backups, Caller
from equipment.store import work
from equipment.store.access import require
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PATIENCE = 60


def _script(backups, caller):  # without types: it runs as a script of its own
    from equipment.ui.backup import elsewhere

    elsewhere.show(backups, caller)


def server(database: Db, folder: Path) -> Backups:
    return Backups(DatabaseBackupRestore(connect=lambda: database, backup_folder=str(folder)), lambda: database,
                   Preferences())


def page(backups: Backups, caller: Caller) -> AppTest:
    return AppTest.from_function(_script, args=(backups, caller), default_timeout=PATIENCE).run()


@pytest.mark.parametrize("final", [False, True])
def test_it_is_seen_and_stopped_until_the_point_of_no_return(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, final: bool
) -> None:
    monkeypatch.setattr(work, "EVERY_SECONDS", 0.0)
    who = signed_in(database, "admin", "ada")
    caller = Caller("ada", lambda action: require(database, who, action), who)
    here, there = server(database, tmp_path), server(database, tmp_path)
    told, go = threading.Event(), threading.Event()

    def busy(watch: Watch) -> str:
        watch.tell(Progress("Loading *records*", 30, 120, final=final))
        told.set()
        assert go.wait(PATIENCE)
        watch.tell(Progress("Loading *records*", 60, 120, final=final))
        watch.step("Proving")
        return "done"

    assert not page(here, caller).button, "nothing is at work"
    job = there.start(caller, "backup.create", "Create backup", busy)
    try:
        assert told.wait(PATIENCE)
        assert not page(there, caller).button, "its own server shows it elsewhere on the page"
        test = page(here, caller)
        [cancel] = test.button
        assert cancel.disabled is final
        assert any("point of no return" in caption.value for caption in test.caption) is final
        [bar] = test.get("progress")
        assert bar.proto.text == r"Create backup, by ada on another server: Loading \*records\* · 30 of 120"
        if not final:
            cancel.click().run()
            assert page(here, caller).button[0].disabled
    finally:
        go.set()
        assert job.done.wait(PATIENCE)
    assert isinstance(job.error, Cancelled) is not final
