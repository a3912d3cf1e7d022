"""docs/security.md keeps up with what it describes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from equipment.domain.roles import ROLES
from equipment.server.gate.headers import HEADERS

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
REQUIRED = sorted({
    re.split(r"[><=;\s]", line)[0] for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith(("#", "-"))
})


@pytest.mark.parametrize("package", REQUIRED)
def test_every_requirement_has_its_licence(package: str) -> None:
    licences = TEXT.partition("## Licences")[2]

    assert package.removesuffix("-ubuntu2204").lower() in licences.lower()


@pytest.mark.parametrize("header", [*HEADERS, "Strict-Transport-Security"])
def test_every_header_is_named(header: str) -> None:
    assert header in TEXT


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_named(role: str) -> None:
    assert f"**{role}**" in TEXT
