"""What the page says of folders that others may read."""

from __future__ import annotations

from pathlib import Path

from equipment import settings
from equipment.backups import Backups
from tests.equipment.ui.backup.place import opened, said


def test_it_names_what_others_may_read_and_the_way_to_end_it(place: Backups) -> None:
    place.engine.create(force=True)
    folder = Path(settings.get_settings().backup_folder)
    assert "may read" not in said(opened("create.screen")), "nobody but us may"
    [day] = [path for path in folder.iterdir() if path.name.endswith("day")]
    folder.chmod(0o755)
    day.chmod(0o755)

    shown = said(opened("create.screen"))

    assert f"Other users of this machine may read {day.name} in the backup folder." in shown
    assert f"chmod -R go= {folder}" in shown
    assert day.stat().st_mode & 0o777 == 0o755, "it is said, and not changed"


def test_the_data_folder_counts_as_well(place: Backups) -> None:
    folder = Path(settings.get_settings().data_folder)
    folder.mkdir(parents=True)
    folder.chmod(0o755)  # whatever the umask
    (folder / "settings.toml").write_text("")
    (folder / "settings.toml").chmod(0o640)

    assert "may read settings.toml in the data folder." in said(opened("create.screen"))
