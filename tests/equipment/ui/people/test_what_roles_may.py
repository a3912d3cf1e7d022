"""What each role may do is on the page, for every role."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from equipment.domain.roles import ROLES, abilities_of


def _script():  # without types: it runs as a script of its own
    from equipment.ui.people import what_roles_may

    what_roles_may.show()


def test_each_role_has_its_line() -> None:
    lines = AppTest.from_function(_script, default_timeout=60).run().text[0].value.split("\n")

    assert [line.partition(":")[0] for line in lines] == list(ROLES)
    assert all(words in line for role, line in zip(ROLES, lines, strict=True) for words in abilities_of(role))
