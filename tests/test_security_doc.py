"""docs/security.md keeps up with what it describes."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from equipment.domain.roles import ROLES
from equipment.server.gate.headers import HEADERS
from scripts.attack_parts.attackers import ATTACKS
from scripts.attack_parts.report import HEAD, row
from scripts.attack_parts.visitor import Felt

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
LICENCES = TEXT.partition("## Licences")[2].partition("\n## ")[0]
FAMILIES = ("MIT", "BSD", "Apache", "MPL", "Mozilla", "ISC", "PSF")
"""How the licences are called in what packages say of themselves, in classifiers and as SPDX."""


def installed() -> dict[str, str]:
    """Give every package that requirements.txt brings here, with what it says its licence is."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    waiting, found = [line for line in lines if line.strip() and not line.startswith(("#", "-"))], dict[str, str]()
    while waiting:
        wanted = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found or (wanted.marker is not None and not wanted.marker.evaluate({"extra": ""})):
            continue
        package = distribution(name)
        classifiers = [line for line in package.metadata.get_all("Classifier") or [] if line.startswith("License")]
        found[name] = package.metadata.get("License-Expression") or " ".join(classifiers)
        waiting += package.requires or []
    return found


INSTALLED = installed()


def licence_in_docs(package: str) -> str:
    rows = [row.split("|")[1:3] for row in LICENCES.splitlines() if row.startswith("| ")]
    return " ".join(licence for licence, names in rows if package in names.replace(" ", "").split(","))


@pytest.mark.parametrize("package", sorted(INSTALLED))
def test_everything_installed_has_its_licence_as_it_says_itself(package: str) -> None:
    documented, said = licence_in_docs(package), INSTALLED[package]

    assert documented, "no row of the table names it"
    named = {family for family in FAMILIES if family in said}
    assert not named or any(family in documented.replace("MPL", "MPL Mozilla") for family in named), said


def test_the_programs_inside_are_named() -> None:
    assert len(INSTALLED) > 50
    assert "Server Side Public License" in LICENCES and "pip-audit" in TEXT


@pytest.mark.parametrize("header", [*HEADERS, "Strict-Transport-Security"])
def test_every_header_is_named(header: str) -> None:
    assert header in TEXT


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_named(role: str) -> None:
    assert f"**{role}**" in TEXT


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_its_figures(attack: str) -> None:
    words = row(attack, Felt(pages=[0.02], health=[0.001], before=1, most=1), 6).split(" | ")[0]

    assert "| " + " | ".join(HEAD) + " |" in TEXT
    assert TEXT.count(f"\n{words} | ") == 1
