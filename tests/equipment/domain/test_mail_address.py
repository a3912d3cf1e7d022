"""One rule for the addresses of people and of recipients."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.domain.mail_address import LONGEST, is_mail_address, same
from equipment.domain.person import Person, clean_person
from equipment.settings.message_options import addresses_in

TAKEN = ["ada@example.org", "a.b+c@lab", "o'neill@x-1.example.org", f"{'a' * 64}@example.org"]
REFUSED = ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c.org", "a@b..c", "a@.c", "a@c.", "a@-b.org", "<a@b.c>",
           "ada@exämple.org", "ädä@example.org", "a@b.c\n", "a@b.c\r\nBcc: x@y.z", "\"a\"@b.c", f"{'a' * 65}@b.c",
           f"a@{'b' * 64}.c", f"a@{'.'.join(['b' * 60] * 5)}", "a\u202e@b.c"]


@pytest.mark.parametrize("address", TAKEN)
def test_taken_for_people_and_recipients_alike(address: str) -> None:
    assert is_mail_address(address)
    assert clean_person(Person(email=address)).email == address
    assert addresses_in(address) == (address,)


@pytest.mark.parametrize("address", REFUSED)
def test_refused(address: str) -> None:
    assert not is_mail_address(address)


def test_refused_for_people_and_recipients_alike() -> None:
    for address in (each for each in REFUSED if each and not set(each) & set(" \n,;")):
        with pytest.raises(BadInput, match="E-mail"):
            clean_person(Person(email=address))
        with pytest.raises(ValueError, match="no mail address"):
            addresses_in(address)


def test_the_longest() -> None:
    address = f"{'a' * 64}@{'.'.join(['b' * 47] * 3)}.{'c' * 45}"

    assert len(address) == LONGEST and is_mail_address(address)
    assert not is_mail_address(address + "c")


def test_the_case_does_not_matter_and_only_letters_that_every_server_knows_are_compared() -> None:
    assert same("Ada@Example.org", "ada@example.ORG")
    assert not same("ada@example.org", "bob@example.org")
    assert not same("mi\u212ae@example.org", "mike@example.org")  # the sign of Kelvin has k as its small letter
    assert not same("", "")
