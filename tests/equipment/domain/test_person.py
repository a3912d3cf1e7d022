"""Names, e-mail and department: one line each, bounded, and optional."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.domain.person import LONGEST, MOST, Person, clean_person, stored_person


def test_spaces_are_trimmed_and_doubled_ones_become_one() -> None:
    found = clean_person(Person(" Ada ", "King  Lovelace", " ada@example.org ", ""))

    assert found == Person("Ada", "King Lovelace", "ada@example.org", "")
    assert found.full_name == "Ada King Lovelace"


def test_nothing_has_to_be_said() -> None:
    assert clean_person(Person()) == Person() and Person().full_name == ""


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\u202eb", "\ud800", "a\u2028b", "a\tb"])
@pytest.mark.parametrize("field", list(MOST))
def test_one_line_of_ordinary_characters(field: str, text: str) -> None:
    with pytest.raises(BadInput, match="one line"):
        clean_person(Person(**{field: text}))


@pytest.mark.parametrize("email", ["ada", "@example.org", "ada@", "a@b@c", "a b@c.org", "a@b..c", "a@.c", "<a@b.c>",
                                   "a,b@c.org", f"{'a' * 65}@b.c"])
def test_what_is_no_address(email: str) -> None:
    with pytest.raises(BadInput, match="E-mail"):
        clean_person(Person(email=email))


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BadInput) as error:
        clean_person(Person("x" * (LONGEST + 1), "a\nb", "nobody", "y" * (LONGEST + 1)))

    assert [label in error.value.message for label in ("First name", "Last name", "E-mail", "Department")] == [True] * 4


def test_an_account_of_before_has_none_of_it() -> None:
    assert stored_person({"_id": "ada", "name": "Ada"}) == Person()
    assert stored_person({"first_name": 7, "email": None, "department": "Optics"}) == Person(department="Optics")
