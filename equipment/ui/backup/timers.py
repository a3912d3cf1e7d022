"""The lines that let cron, systemd or the Task Scheduler make backups, from any folder and in an empty environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from backup_engine.errors import BadInput

__all__ = ["Text", "texts"]

MINUTES = 15
NAME = "equipment-backup"
TASK_CHARACTERS = 261
"""What ``schtasks /TR`` takes at most."""


@dataclass(frozen=True)
class Text:
    """Something to copy: what it is for, and how to read it."""

    title: str
    content: str
    language: str


def texts(
    command: Sequence[str], *, folder: str, user: str, search_path: str = "", own_server: bool = False
) -> list[Text]:
    """Give what to copy for each system; ``command`` and ``folder`` are absolute.

    ``search_path`` is the PATH the command needs, if it needs one. ``own_server``: the command may start the MongoDB
    that the app uses as well. Raises ``BadInput`` for a path with a line break, which none of them can carry.
    """
    if any(re.search(r"[\0\r\n]", word) for word in (*command, folder, user, search_path)):
        raise BadInput("A path with a line break in it cannot be given to cron or systemd.",
                       hint="Move the program or its data into another folder.")
    return [
        Text("cron: one line for crontab -e", _cron(command, search_path), "bash"),
        Text(f"systemd: /etc/systemd/system/{NAME}.service", _service(command, folder, user, search_path, own_server),
             "ini"),
        Text(f"systemd: /etc/systemd/system/{NAME}.timer, then systemctl enable --now {NAME}.timer", _timer(), "ini"),
        Text("Windows Task Scheduler", _task(command), "bat"),
    ]


def _cron(command: Sequence[str], search_path: str) -> str:
    line = shlex.join(command)
    if search_path:
        line = f"PATH={shlex.quote(search_path)} {line}"
    # cron reads % as the end of the line, in quotes too, and takes the backslash before it away
    return f"*/{MINUTES} * * * * " + line.replace("%", "\\%")


def _service(command: Sequence[str], folder: str, user: str, search_path: str, own_server: bool) -> str:
    lines = ["[Unit]", "Description=Backup of the equipment list", "", "[Service]", "Type=oneshot", f"User={user}",
             f"WorkingDirectory={folder.replace('%', '%%')}"]
    if search_path:
        lines.append(f"Environment={_quoted('PATH=' + search_path)}")
    # systemd starts no program with a quotation mark in its name, but env does.
    words = ["/usr/bin/env", *command] if re.search(r"[\\'\"]", command[0]) else command
    # With the colon systemd leaves $ alone.
    lines.append(f"ExecStart=:{' '.join(_quoted(word) for word in words)}")
    if own_server:
        lines += ["# The app may be using the MongoDB that this started: it is not ended with it.", "KillMode=process"]
    return "\n".join(lines)


def _quoted(word: str) -> str:
    """Quote for systemd, which reads backslashes and % in quotes too (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w./:=,+@%-]+", word) else f'"{escaped}"'


def _timer() -> str:
    return "\n".join([
        "[Unit]", "Description=Backup of the equipment list when one is due", "",
        "[Timer]", f"OnCalendar=*:0/{MINUTES}", "Persistent=true", "",
        "[Install]", "WantedBy=timers.target",
    ])


def _task(command: Sequence[str]) -> str:
    # A path on Windows holds no quotation mark, so that none inside needs care.
    run = " ".join(f'"{word}"' if re.search(r"[\s&()^;,]", word) else word for word in command)
    if len(run) > TASK_CHARACTERS:
        return (f"REM The paths are too long for schtasks ({len(run)} of {TASK_CHARACTERS} characters). In the Task "
                f"Scheduler, create a task\nREM that repeats every {MINUTES} minutes and starts: {run}")
    escaped = run.replace('"', '\\"')
    return f'schtasks /Create /SC MINUTE /MO {MINUTES} /TN EquipmentBackup /TR "{escaped}"'
