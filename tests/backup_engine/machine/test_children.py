"""What programs that we start are told by their environment."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import pytest

from backup_engine.machine import children

STARTS = ("subprocess.Popen", "subprocess.run", "subprocess.check_output", "subprocess.call")
SECRETS = {"EQUIPMENT_ADMIN_PASSWORD": "hunter2hunter2", "MONGODB_URI": "mongodb://ada:hunter2hunter2@db",
           "AWS_SECRET_ACCESS_KEY": "hunter2hunter2", "EQUIPMENT_SMTP_PASSWORD": "hunter2hunter2"}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)


def test_any_program_gets_what_it_needs_to_run_and_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("TMPDIR", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/mine")

    told = children.of_program()

    assert {"PATH", "TZ", "TMPDIR"} <= told.keys() and not told.keys() & {*SECRETS, "PYTHONPATH"}
    assert "hunter2" not in str(told)


def test_a_python_of_ours_imports_this_code_from_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    program = "import backup_engine, json, os; print(json.dumps([backup_engine.__file__, dict(os.environ)]))"

    ended = subprocess.run([sys.executable, "-c", program], env=children.of_python(), cwd="/", capture_output=True,
                           text=True, check=True)
    file, told = json.loads(ended.stdout)

    assert file.startswith(str(children.ABOVE_THE_PACKAGES)) and told["PYTHONPATH"].endswith(":/mine")
    assert "hunter2" not in str(told)


def test_what_a_child_needs_besides_is_named() -> None:
    assert children.of_python("MONGODB_URI")["MONGODB_URI"] == SECRETS["MONGODB_URI"]
    assert "NOT_SET" not in children.of_python("NOT_SET")


def started() -> dict[str, str]:
    """Give every place in the program where another one is started, with what it says of its environment."""
    found = {}
    for package in ("backup_engine", "equipment"):
        for path in sorted((children.ABOVE_THE_PACKAGES / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in STARTS:
                    told = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                    found[f"{path.relative_to(children.ABOVE_THE_PACKAGES)}:{node.lineno}"] = told.get("env", "all")
    return found


def test_every_program_that_is_started_has_an_environment_of_its_own() -> None:
    assert len(started()) >= 8
    assert {place: told for place, told in started().items() if not told.startswith("children.")} == {}


def test_nothing_is_started_in_other_ways_but_by_the_keeper_whose_environment_is_such_a_one() -> None:
    others = [path.name for package in ("backup_engine", "equipment")
              for path in (children.ABOVE_THE_PACKAGES / package).rglob("*.py")
              if re.search(r"os\.(posix_spawn|exec|spawn|system|popen)|import multiprocessing|create_subprocess",
                           path.read_text("utf-8"))]

    assert others == ["keeper.py"]
