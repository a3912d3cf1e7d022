"""The files with which cron, systemd or the Task Scheduler do what is due, from any folder and in an empty environment.

Each is whole, and the page shows the same as the command prints. Nothing in them keeps two runs apart: the engine's
locks do, and who comes second leaves it to the first.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from backup_engine.errors import BadInput

__all__ = ["DAEMON", "KINDS", "MINUTES", "ONCE", "Text", "texts"]

KINDS = ("cron", "systemd", "windows")
MINUTES = 15
"""How often it is asked whether something is due, unless the schedule is a tighter one."""
NAME = "equipment-backup"
DAEMON_NAME = "equipment-daemon"
UNITS = "/etc/systemd/system"
DAEMON = ("daemon",)
ONCE = ("daemon", "--once")
TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"


@dataclass(frozen=True)
class Text:
    """One file to copy: for which system, where it belongs, and how to read it."""

    kind: str
    """One of ``KINDS``."""
    title: str
    name: str
    """What the file is called."""
    content: str
    language: str


def texts(
    command: Sequence[str], *, folder: str, user: str, search_path: str = "", own_server: bool = False,
    minutes: int = MINUTES,
) -> list[Text]:
    """Give the files for each system.

    ``command`` is the program with its settings, up to the name of a command; it and ``folder`` are absolute.
    ``search_path`` is the PATH the command needs, if it needs one. ``own_server``: the command may start the MongoDB
    that the app uses as well. Raises ``BadInput`` for a path with a line break, which none of them can carry.
    """
    if any(re.search(r"[\0\r\n]", word) for word in (*command, folder, user, search_path)):
        raise BadInput("A path with a line break in it cannot be given to cron or systemd.",
                       hint="Move the program or its data into another folder.")
    once, always = (*command, *ONCE), (*command, *DAEMON)
    how = _Service(folder, user, search_path, own_server)
    return [
        Text("cron", "cron: for crontab -e", f"{NAME}.crontab", _cron(once, search_path, minutes), "bash"),
        Text("systemd", f"systemd: {UNITS}/{NAME}.service", f"{NAME}.service", how.due(once), "ini"),
        Text("systemd", f"systemd: {UNITS}/{NAME}.timer, then systemctl enable --now {NAME}.timer", f"{NAME}.timer",
             _timer(minutes), "ini"),
        Text("systemd", f"systemd, in place of the two above: {UNITS}/{DAEMON_NAME}.service, then systemctl enable "
                        f"--now {DAEMON_NAME}", f"{DAEMON_NAME}.service", how.always(always), "ini"),
        Text("windows", f"Windows Task Scheduler: {NAME}.xml, then schtasks /Create /TN {NAME} /XML {NAME}.xml",
             f"{NAME}.xml", _task(once, folder, minutes), "xml"),
    ]


def _cron(command: Sequence[str], search_path: str, minutes: int) -> str:
    line = shlex.join(command)
    if search_path:  # in the line: a crontab's own PATH= knows no way to write both kinds of quotation mark
        line = f"PATH={shlex.quote(search_path)} {line}"
    # cron reads % as the end of the line, in quotes too, and takes the backslash before it away
    line = line.replace("%", "\\%")
    times = "*" if minutes == 1 else f"*/{minutes}"
    return "\n".join([
        "# What is due of the equipment list's backups. cron mails what goes wrong; the answer itself is no mail.",
        "SHELL=/bin/sh",
        f"{times} * * * * {line} >/dev/null",
    ])


@dataclass(frozen=True)
class _Service:
    """What the services of one installation have in common."""

    folder: str
    user: str
    search_path: str
    own_server: bool

    def due(self, command: Sequence[str]) -> str:
        """The service that a timer starts."""
        return "\n".join(["[Unit]", "Description=Backup of the equipment list", "", "[Service]", "Type=oneshot",
                          *self._lines(command)])

    def always(self, command: Sequence[str]) -> str:
        """The service that keeps the schedule itself."""
        return "\n".join([
            "[Unit]", "Description=Schedule of the equipment list, without the app", "Wants=network-online.target",
            "After=network-online.target mongod.service", "",
            "[Service]", "Type=notify", *self._lines(command),
            "# It says when it is ready and that it is alive. A database that is away is no reason for a restart.",
            "WatchdogSec=60", "TimeoutStartSec=5min", "Restart=on-failure", "RestartSec=5", "",
            "[Install]", "WantedBy=multi-user.target",
        ])

    def _lines(self, command: Sequence[str]) -> list[str]:
        lines = [f"User={self.user}", f"WorkingDirectory={self.folder.replace('%', '%%')}"]
        if self.search_path:
            lines.append(f"Environment={_quoted('PATH=' + self.search_path)}")
        # systemd starts no program with a quotation mark in its name, but env does.
        words = ["/usr/bin/env", *command] if re.search(r"[\\'\"]", command[0]) else command
        # With the colon systemd leaves $ alone.
        lines.append(f"ExecStart=:{' '.join(_quoted(word) for word in words)}")
        if self.own_server:
            lines += ["# The app may be using the MongoDB that this started: it is not ended with it.",
                      "KillMode=process"]
        return lines


def _quoted(word: str) -> str:
    """Quote for systemd, which reads backslashes and % in quotes too (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w./:=,+@%-]+", word) else f'"{escaped}"'


def _timer(minutes: int) -> str:
    return "\n".join([
        "[Unit]", "Description=Backup of the equipment list when one is due", "",
        "[Timer]", f"OnCalendar=*:0/{minutes}", "Persistent=true", "",
        "[Install]", "WantedBy=timers.target",
    ])


def _task(command: Sequence[str], folder: str, minutes: int) -> str:
    """Write a task (https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema).

    It names no encoding: a file is UTF-8 then, and the text in memory that PowerShell hands on is what it is.
    """
    arguments = subprocess.list2cmdline(command[1:])
    return "\n".join([
        f'<Task version="1.2" xmlns="{TASK}">',
        "  <RegistrationInfo>",
        "    <Description>What is due of the equipment list's backups</Description>",
        "  </RegistrationInfo>",
        "  <Triggers>",
        "    <TimeTrigger>",
        "      <Enabled>true</Enabled>",
        "      <StartBoundary>2026-01-01T00:00:00</StartBoundary>",
        f"      <Repetition><Interval>PT{minutes}M</Interval></Repetition>",
        "    </TimeTrigger>",
        "  </Triggers>",
        "  <Principals>",
        # whoever registers it, signed in or not, without a stored password
        '    <Principal id="Author"><LogonType>S4U</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal>',
        "  </Principals>",
        "  <Settings>",
        "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
        "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
        "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
        "    <StartWhenAvailable>true</StartWhenAvailable>",
        "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
        "  </Settings>",
        '  <Actions Context="Author">',
        "    <Exec>",
        f"      <Command>{escape(command[0])}</Command>",
        f"      <Arguments>{escape(arguments)}</Arguments>",
        f"      <WorkingDirectory>{escape(folder)}</WorkingDirectory>",
        "    </Exec>",
        "  </Actions>",
        "</Task>",
    ])
