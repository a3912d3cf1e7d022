"""Odd paths of data, backups and checkout."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.situation_parts.ground import ROOT, USE, Ground
from scripts.situation_parts.judging import judged, page_drawn
from scripts.situation_parts.situation import SAYS, WORKS, Outcome, Situation
from scripts.upgrade_parts import checkouts

KIND = "path"
ODD = "My Lab's \"list\" ü Ö"


def _in(name: str) -> Callable[[Ground], Outcome]:
    def play(ground: Ground) -> Outcome:
        place = ground.folder / name
        ended = ground.shell(USE, EQUIPMENT_DATA_FOLDER=str(place / "data"), BACKUP_FOLDER=str(place / "backups"))
        return judged(ended, ground)

    return play


def _long_backups(ground: Ground) -> Outcome:
    return judged(ground.shell(USE, BACKUP_FOLDER=str(ground.folder / "/".join(["long" * 50] * 30))), ground)


def _checkout(ground: Ground, name: str = ODD) -> Path:
    root = ground.folder / name
    root.mkdir()
    checkouts.present(ROOT, root)
    return root


def _odd_checkout(ground: Ground) -> Outcome:
    return page_drawn(ground, root=_checkout(ground))


def _linked_checkout(ground: Ground) -> Outcome:
    link = ground.folder / "link"
    link.symlink_to(_checkout(ground))
    chosen = ("EQUIPMENT_DATA_FOLDER", "BACKUP_FOLDER")
    own = {name: text for name, text in ground.options().items() if name not in chosen}
    return judged(ground.shell(USE, root=link, environment=own), ground)


def _strangers_files(ground: Ground) -> Outcome:
    ground.data.mkdir()
    (ground.data / "thesis.tex").touch()
    return judged(ground.shell(USE), ground)


def _file_instead(ground: Ground) -> Outcome:
    ground.data.touch()
    return judged(ground.shell(USE), ground)


def _copied_while_stopped(ground: Ground) -> Outcome:
    first = judged(ground.shell(USE), ground)
    if first.result != WORKS:
        return first
    shutil.move(ground.data, ground.folder / "Moved Here")
    return judged(ground.shell(USE, EQUIPMENT_DATA_FOLDER=str(ground.folder / "Moved Here")), ground)


SITUATIONS = (
    Situation(KIND, "data and backups below blanks, quotes and umlauts", WORKS, _in(ODD)),
    Situation(KIND, "a name that is no UTF-8", WORKS, _in(os.fsdecode(b"caf\xe9"))),
    Situation(KIND, "a path of 1,000 bytes", WORKS, _in("/".join(["long" * 50] * 5))),
    Situation(KIND, "a data folder with a path of 6,000 bytes", SAYS, _in("/".join(["long" * 50] * 30))),
    Situation(KIND, "a backup folder with a path of 6,000 bytes", SAYS, _long_backups),
    Situation(KIND, "a checkout below blanks, quotes and umlauts (the app)", WORKS, _odd_checkout),
    Situation(KIND, "a checkout behind a symbolic link", WORKS, _linked_checkout),
    Situation(KIND, "a data folder with other people's files", SAYS, _strangers_files),
    Situation(KIND, "a file where the data folder should be", SAYS, _file_instead),
    Situation(KIND, "a data folder that was moved", WORKS, _copied_while_stopped),
)
