"""What a backup and the page cost beside 2,000 sets, against 20."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.api import DatabaseBackupRestore
from backup_engine.model import BackupSet
from backup_engine.repository import manifest
from equipment import backups, settings
from equipment.settings import Settings
from scripts.bench_parts.table import Line, interleaved
from tests.server.running_app import ROOT

FEW, MANY = 20, 2_000
RECORDS = 400
PAGE = "from backup_csv_for_db_restore import backup_restore_ui; backup_restore_ui(None)"
Db = Database[dict[str, object]]


@dataclass
class Place:
    """A folder with so many sets, and what is done beside them."""

    uri: str
    database: str
    folder: Path

    @property
    def system(self) -> DatabaseBackupRestore:
        return DatabaseBackupRestore(self.uri, database=self.database, backup_folder=str(self.folder), keep_days=3650)

    def command(self) -> None:
        """A backup by the command line, which knows nothing of the folder yet."""
        words = [sys.executable, "backup_csv_for_db_restore.py", "--uri", self.uri, "--database", self.database,
                 "--folder", str(self.folder), "backup", "--force"]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)


def lines(uri: str, database: Db, rounds: int) -> list[Line]:
    """Measure the backup in a running process, the command, and a click on the Create Backup page."""
    database["Equipment"].drop()
    database["Equipment"].insert_many(
        [{"_id": number, **{f"field {place}": "x" * 20 for place in range(15)}} for number in range(RECORDS)])
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_filled(Place(uri, database.name, Path(folder) / str(count)), count) for count in (FEW, MANY))
        systems = {"few": few.system, "many": many.system}
        runs = {name: (lambda system=system: system.create_backup(force=True)) for name, system in systems.items()}
        for run in runs.values():
            run()
        # backups are a minute apart or more; in one second they would step over each other's labels and folder times
        made = interleaved(runs, 3 * rounds, rest=1.0)
        commands = interleaved({"few": few.command, "many": many.command}, rounds)
        clicks = {name: _page(place) for name, place in (("few", few), ("many", many))}
        clicked = interleaved(clicks, rounds)
        backups.stop()
    return [
        Line(f"a backup beside {MANY:,} sets", made["many"], f"beside {FEW}", made["few"], 1.5),
        Line(f"the command beside {MANY:,} sets", commands["many"], f"beside {FEW}", commands["few"], 1.5),
        Line(f"a click on Create Backup beside {MANY:,} sets", clicked["many"], f"beside {FEW}", clicked["few"], 2),
    ]


def _filled(place: Place, count: int) -> Place:
    """Make one set and copies of it under other moments, hourly, as if each had been made then."""
    system = place.system
    system.create_backup(force=True)
    (first,) = system.workspace.catalog.sets()
    for number in range(1, count):
        _copy(system, first, number)
    return place


def _copy(system: DatabaseBackupRestore, first: BackupSet, number: int) -> None:
    moment = (first.started - timedelta(hours=number)).astimezone()
    label, day = manifest.label_of(moment), manifest.day_of(moment)
    storage = system.workspace.storage
    metadata = {**first.metadata, "backup_id": f"{number:032x}", "seq": 0, "timestamp_utc": manifest.moment(moment),
                "backup_timestamp": moment.replace(tzinfo=None).isoformat(timespec="microseconds"), "day_of_week": day,
                "collections": {}}
    parts = []
    for key, part in first.parts.items():
        name = manifest.part_name(key, label)
        with system.workspace.catalog.open_part(first, key) as file:
            (Path(storage.describe()) / day).mkdir(exist_ok=True)
            (Path(storage.describe()) / day / name).write_bytes(file.read())
        described = {**first.metadata["collections"][key], "file": name}
        metadata["collections"][key] = described
        metadata[f"{key}_file"] = name
        parts.append(f"{part.stored_sha256}  {name}\n")
    metadata["seq"] = first.seq
    metadata["source"] = {**first.metadata["source"], "number": None}
    metadata["backup_hash"] = manifest.hash_of_lines(parts)
    (Path(storage.describe()) / day / manifest.metadata_name(label)).write_bytes(manifest.encode(metadata))


def _page(place: Place) -> object:
    chosen = Settings(mongodb_uri=place.uri, mongodb_database=place.database, backup_folder=place.folder)
    test = AppTest.from_string(PAGE, default_timeout=60)
    test.session_state["user_role"] = "admin"

    def click() -> None:
        with settings.use(chosen):
            test.run()
            assert not test.exception

    click()
    click()
    return click
