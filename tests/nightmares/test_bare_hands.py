"""Everything of this program is gone: the script in the recovery guide brings the records back byte for byte."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import bson
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from equipment.domain import sample
from equipment.settings import ROOT
from tests.mongod import Mongod

ODD: list[dict[str, Any]] = [
    {"_id": 1, "b": None, "a": "", "s": "=1+1", "n": bson.Int64(5), "f": -0.0, "d": bson.Decimal128("1.50")},
    {"a": "\r", "_id": 2, "list": [1, 2.0, {"x": bson.Int64(3)}], "re": bson.Regex("x", "i"), "~": "tilde"},
    {"_id": 3, "b": float("inf"), "when": bson.Timestamp(1, 2), "bin": b"\x00\xff", "007": "007"},
]


def test_the_script_of_the_guide_restores_exactly(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    database["Equipment"].insert_many([*sample.records(date(2026, 1, 1)), *ODD])
    made, table, message = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path)).create_backup()
    assert made, message
    assert table is not None
    (metadata,) = Path(table).parent.glob("backup_metadata_*.json")
    script = tmp_path / "recover.py"
    guide = (ROOT / "docs" / "operations.md").read_text()
    script.write_text(re.findall(r"```python\n(# recover\.py.*?)```", guide, re.S)[0])

    done = subprocess.run(
        [sys.executable, str(script), shared_mongod.uri, database.name, "Recovered", table, str(metadata), "equipment"],
        capture_output=True, text=True, cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    hashes = database.command("dbHash", collections=["Equipment", "Recovered"])["collections"]
    assert hashes["Recovered"] == hashes["Equipment"]
