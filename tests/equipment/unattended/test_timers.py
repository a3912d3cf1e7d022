"""The files for cron, systemd and the Task Scheduler are whole, carry any path, and their systems read them so."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from backup_engine.errors import BadInput
from equipment.unattended.timers import KINDS, TASK, Text, texts
from tests.equipment.unattended.systems import ODD, as_cron_runs_it, systemd_words

COMMAND = ("/opt/x/python", "/opt/x/backup.py", "--settings", "/srv/settings.toml")


def written(command: tuple[str, ...] = COMMAND, folder: str = "/srv", **more: object) -> dict[str, Text]:
    """The files by the end of their names."""
    found = texts(command, folder=folder, user="lab", **more)  # type: ignore[arg-type]
    return {"daemon" if "daemon" in text.name else text.name.rpartition(".")[2]: text for text in found}


def test_there_is_a_file_for_every_system() -> None:
    files = written()

    assert {text.kind for text in files.values()} == set(KINDS)
    assert [text.name for text in files.values()] == [
        "equipment-backup.crontab", "equipment-backup.service", "equipment-backup.timer", "equipment-daemon.service",
        "equipment-backup.xml"]


@pytest.mark.parametrize("folder", ["/srv/equipment", "/srv/my lab", f"/srv/{ODD}"])
def test_a_crontab_carries_any_path(folder: str) -> None:
    command = (f"{folder}/python", *COMMAND[1:3], f"{folder}/settings.toml")

    *shell, line = as_cron_runs_it(written(command)["crontab"].content)
    said = subprocess.run(["/bin/sh", "-c", f"set -- {line.removesuffix(' >/dev/null')}; printf '%s\\n' \"$@\""],
                          capture_output=True, text=True, check=True, env={})

    assert shell == ["/bin/sh", "-c"] and line.endswith(" >/dev/null")
    assert said.stdout.splitlines() == [*command, "daemon", "--once"]


@pytest.mark.parametrize("folder", ["/srv/equipment", "/srv/my lab", f"/srv/{ODD}"])
@pytest.mark.parametrize(("name", "words"), [("service", ["daemon", "--once"]), ("daemon", ["daemon"])])
def test_the_units_of_systemd_are_whole_files(name: str, words: list[str], folder: str) -> None:
    command = (f"{folder}/python", *COMMAND[1:3], f"{folder}/settings.toml")

    files = written(command, folder)
    service, timer = files[name].content, files["timer"].content

    facts = dict(re.findall(r"^(\w+)=(.*)$", service, re.M))
    said = systemd_words(facts["ExecStart"])
    assert re.findall(r"^\[(\w+)\]$", service, re.M) == ["Unit", "Service", *(["Install"] if name == "daemon" else [])]
    assert re.findall(r"^\[(\w+)\]$", timer, re.M) == ["Unit", "Timer", "Install"]
    assert (said[1:] if said[0] == "/usr/bin/env" else said) == [*command, *words]
    assert not re.search(r"['\"\\]", said[0]), "systemd starts nothing with a quotation mark in its name"
    assert facts["ExecStart"].startswith(":"), "without the colon systemd replaces $HOME"
    assert facts["WorkingDirectory"].replace("%%", "%") == folder
    assert (facts["User"], facts["Type"]) == ("lab", "notify" if name == "daemon" else "oneshot")
    assert "OnCalendar=*:0/15\nPersistent=true" in timer
    assert "KillMode" not in service


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("name", ["plain", "a b", ODD])
def test_systemd_itself_has_no_objection(name: str, tmp_path: Path) -> None:
    program = tmp_path / name.replace("/", "") / "python"
    program.parent.mkdir()
    shutil.copy("/bin/true", program)
    found = texts((str(program), *COMMAND[1:]), folder=str(program.parent), user="root", search_path="/a b:/bin",
                  own_server=True)
    units = [text for text in found if text.kind == "systemd"]
    for text in units:
        (tmp_path / text.name).write_text(text.content)

    done = subprocess.run(["systemd-analyze", "verify", *(f"./{text.name}" for text in units)],
                          cwd=tmp_path, capture_output=True, text=True, check=False)

    assert len(units) == 3
    assert "equipment-" not in done.stderr
    assert "fatal" not in done.stderr


def test_a_server_that_the_app_shares_is_not_ended_with_the_command() -> None:
    files = written(own_server=True)

    assert all("KillMode=process" in files[name].content for name in ("service", "daemon"))


def test_a_mongod_off_the_usual_folders_is_on_the_path_of_the_files() -> None:
    files = written(search_path="/opt/m b:/bin")

    assert as_cron_runs_it(files["crontab"].content)[2].startswith("PATH='/opt/m b:/bin' /opt/x/python ")
    assert all('Environment="PATH=/opt/m b:/bin"' in files[name].content for name in ("service", "daemon"))


@pytest.mark.parametrize(("minutes", "cron", "systemd", "windows"), [
    (15, "*/15 * * * * ", "OnCalendar=*:0/15", "PT15M"), (5, "*/5 * * * * ", "OnCalendar=*:0/5", "PT5M"),
    (1, "* * * * * ", "OnCalendar=*:0/1", "PT1M"),
])
def test_all_ask_as_often_as_the_schedule_needs(minutes: int, cron: str, systemd: str, windows: str) -> None:
    files = written(minutes=minutes)

    assert f"\n{cron}/opt" in files["crontab"].content
    assert systemd in files["timer"].content.splitlines()
    assert f"<Interval>{windows}</Interval>" in files["xml"].content


def test_the_task_for_windows_is_whole_and_its_words_are_the_command() -> None:
    command = (r"C:\Program Files\py & co\python.exe", r"C:\app\backup.py", "--settings",
               r"C:\my data <1>\settings.toml")
    folder = "C:\\data & <more>"

    task = ElementTree.fromstring(written(command, folder)["xml"].content)

    def said(*names: str) -> str:
        found = task.find("/".join(f"{{{TASK}}}{name}" for name in names))
        assert found is not None, names
        return found.text or ""

    assert [child.tag.partition("}")[2] for child in task] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert said("Actions", "Exec", "Command") == command[0]
    # by the rules of Microsoft's C runtime: what holds a blank is in quotation marks
    assert said("Actions", "Exec", "Arguments") == (
        r'C:\app\backup.py --settings "C:\my data <1>\settings.toml" daemon --once')
    assert said("Actions", "Exec", "WorkingDirectory") == folder
    assert said("Triggers", "TimeTrigger", "StartBoundary") and said("Principals", "Principal", "LogonType") == "S4U"
    assert said("Settings", "MultipleInstancesPolicy") == "IgnoreNew"
    assert said("Settings", "ExecutionTimeLimit") == "PT0S", "after three days the task would be ended"


@pytest.mark.parametrize("broken", ["a\nb", "a\rb", "a\0b"])
def test_a_path_with_a_line_break_is_refused(broken: str) -> None:
    with pytest.raises(BadInput, match="line break"):
        written((*COMMAND[:3], f"/srv/{broken}"))
