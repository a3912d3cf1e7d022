"""The documentation says what the code does: options, error codes and commands that are not in it fail here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine import errors
from backup_engine.errors import BackupError
from equipment.settings import ROOT, Settings, option_name

README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def options_table() -> str:
    """Write the table of options as the README holds it."""
    rows = ["| option | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `{option_name(name)}` | {default} | {field.description} |")
    return "\n".join(rows)


def error_classes(root: type[BackupError] = BackupError) -> Iterator[type[BackupError]]:
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


PUBLIC = [error for error in error_classes() if error.__module__ == errors.__name__]


def test_every_option_stands_in_the_readme_as_the_code_has_it() -> None:
    between = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.S)

    assert between is not None
    assert between.group(1).strip() == options_table()


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_every_exit_code_is_explained(error: type[BackupError]) -> None:
    assert re.search(rf"^\| {error.exit_code}\b", OPERATIONS, re.M)
    assert error.opening in OPERATIONS


def test_every_error_is_exported() -> None:
    assert {error.__name__ for error in PUBLIC} == set(errors.__all__)


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", prose)

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_commands_in_the_readme_are_the_ones_that_are_tested() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    venv = "python3 -m venv .venv && .venv/bin/pip install -r "

    assert f"{venv}requirements.txt && .venv/bin/streamlit run app.py" in README
    assert f"{venv}requirements-dev.txt && .venv/bin/pytest" in README
    assert all(step in script for step in ("python3 -m venv .venv", "requirements-dev.txt", "bin/pytest"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_it_names_exists(page: Path) -> None:
    known = {option_name(field) for field in Settings.model_fields}

    assert set(re.findall(r"\bEQUIPMENT_[A-Z_]+", page.read_text())) <= known


def test_every_file_named_for_contributors_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`([\w.]+/[\w./]*|[\w]+\.(?:py|txt|md|toml))`", text))

    assert len(named) > 30
    assert sorted(name for name in named if not named_here(name)) == []


def test_every_room_of_the_engine_is_explained_to_contributors() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = [path.parent.name for path in (ROOT / "backup_engine").glob("*/__init__.py")]

    assert len(rooms) > 10
    assert [room for room in rooms if f"| `backup_engine/{room}/` |" not in text] == []


def test_the_hook_before_a_commit_is_the_check_of_ci() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()

    assert re.findall(r"entry: (.*)", hooks) == ["scripts/check"]
    assert "scripts/check" in (ROOT / ".ci" / "run").read_text()


def named_here(name: str) -> bool:
    return (ROOT / name).exists() or (ROOT / "backup_engine" / "cli" / name).exists()


if __name__ == "__main__":
    table = f"<!-- options -->\n{options_table()}\n<!-- /options -->"
    filled = re.sub(r"<!-- options -->.*?<!-- /options -->", lambda _: table, README, flags=re.S)
    (ROOT / "README.md").write_text(filled)
