"""Copies as pip installs them, far from any checkout."""

from __future__ import annotations

import time

from scripts.situation_parts.ground import Ended, Ground
from scripts.situation_parts.judging import judged
from scripts.situation_parts.situation import SAYS, WORKS, Outcome, Situation
from tests.installed_copy import build, install

KIND = "installation"


def _command(ground: Ground, *words: str, home: bool = True) -> Outcome:
    copy = install(build(ground.folder), ground.folder / "copy")
    (ground.folder / "home").mkdir(mode=0o700)
    began = time.monotonic()
    done = copy.run("-m", "backup_csv_for_db_restore", *words, home=ground.folder / "home" if home else None)
    return judged(Ended(done.returncode, done.stdout + done.stderr, time.monotonic() - began), ground)


SITUATIONS = (
    Situation(KIND, "`pip install .`, without Streamlit and pandas: a backup", WORKS,
              lambda ground: _command(ground, "backup", "--force")),
    Situation(KIND, "`pip install .`, without `EQUIPMENT_HOME`", SAYS,
              lambda ground: _command(ground, "backup", "--force", home=False), 10),
)
