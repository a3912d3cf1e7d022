"""Is this installation well?  ``.venv/bin/python test_backup_system.py`` says so and exits 0, or 1 when it is not.

pytest collects the same checks and runs them on a temporary server and folder, never on the installation.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from equipment import prerequisites

with prerequisites.explained(__name__ == "__main__"):
    import pytest
    from pymongo.database import Database

    from backup_engine.api import DatabaseBackupRestore
    from backup_engine.cli import leaving, streams
    from backup_engine.cli.signals import Signals
    from backup_engine.machine import private
    from equipment.server import diagnosis
    from equipment.server.diagnosis import CHECKS, Installation


@pytest.fixture
def installation(database: Database[dict[str, Any]], tmp_path: Path) -> Installation:
    """A small installation on the test server, with one backup."""
    database["Equipment"].insert_one({"Serial": "007"})
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path))
    engine.create_backup(force=True)
    return Installation("the test server", lambda: database, tmp_path, engine)


@pytest.mark.parametrize("name", CHECKS)
def test_a_sound_installation_passes(name: str, installation: Installation) -> None:
    assert CHECKS[name](installation).endswith(".")


def test_a_changed_backup_is_reported(installation: Installation) -> None:
    newest = next(installation.backup_folder.glob("*day/equipment_backup_*.csv"))
    newest.write_bytes(newest.read_bytes().replace(b"007", b"008"))
    lines: list[str] = []

    sound = diagnosis.run(installation, lines.append)

    assert not sound
    assert any(line.startswith("  FAIL  Newest backup: Backup verification failed") for line in lines)


def main() -> int:
    """Diagnose this installation; gives the exit code."""
    from backup_csv_for_db_restore import DatabaseBackupRestore as Installed
    from equipment import settings
    from equipment.server import console_log, data_folder, database

    streams.make_fit()
    private.set_umask()
    print("Equipment management: looking at this installation")
    console_log.begin(command=True)
    with settings.use(settings.installed()) as chosen:
        console_log.begin_with(chosen, command=True)
        database.be_impatient(diagnosis.DATABASE_SECONDS)
        engine = Installed()
        own = chosen.mongodb_uri is None
        where = Installation(database.label(chosen), engine.workspace.connect, Path(chosen.backup_folder), engine,
                             data_folder.doubt(chosen.data_folder) if own else "", chosen.data_folder)
        with Signals() as signals:
            try:
                sound = diagnosis.run(where, print)
            except KeyboardInterrupt:
                print("Stopped.", file=sys.stderr)
                return signals.exit_code
            finally:
                database.close()
    print("All is well." if sound else "Something needs attention, see above.")
    return 0 if sound else 1


if __name__ == "__main__":
    leaving.at_once(lambda: sys.exit(main()))
