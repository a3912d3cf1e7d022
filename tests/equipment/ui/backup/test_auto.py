"""The lines for cron and its like run the command of this kind of installation, in its folder."""

from __future__ import annotations

from pathlib import Path

from equipment.ui.backup.auto import lines_for

FOLDER = Path("/srv/equipment")


def test_a_checkout_runs_its_file() -> None:
    cron, systemd, windows = (text for _, text, _ in lines_for(FOLDER, "python", checkout=True))

    assert cron == "*/15 * * * * cd /srv/equipment && python backup_csv_for_db_restore.py backup"
    assert "WorkingDirectory=/srv/equipment\nExecStart=python backup_csv_for_db_restore.py backup\n" in systemd
    assert "EQUIPMENT_HOME" not in cron + systemd + windows


def test_an_installed_copy_runs_its_module_and_names_its_folder() -> None:
    cron, systemd, windows = (text for _, text, _ in lines_for(FOLDER, "python", checkout=False))
    module = "python -m backup_csv_for_db_restore backup"

    assert cron == f"*/15 * * * * cd /srv/equipment && EQUIPMENT_HOME=/srv/equipment {module}"
    assert "Environment=EQUIPMENT_HOME=/srv/equipment\nWorkingDirectory=/srv/equipment\n" in systemd
    assert f"ExecStart={module}\n" in systemd
    assert module in windows
