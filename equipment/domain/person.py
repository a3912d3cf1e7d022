"""Who is behind an account: names, e-mail and department, each one line of bounded length and each optional."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from backup_engine.errors import BadInput
from equipment.domain import mail_address
from equipment.domain.faults import all_at_once

LONGEST: Final = 100


@dataclass(frozen=True)
class Person:
    """What a person said of themselves; empty where nothing was said, as in accounts made before there were fields."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    department: str = ""

    @property
    def full_name(self) -> str:
        """First and last name, or as much of it as is known."""
        return f"{self.first_name} {self.last_name}".strip()


LABELS: Final = {
    "first_name": "First name", "last_name": "Last name", "email": "E-mail", "department": "Department",
}
MOST: Final = {field: mail_address.LONGEST if field == "email" else LONGEST for field in LABELS}
"""Characters each field may have."""


def clean_person(person: Person) -> Person:
    """Give *person* without spaces around and doubled; raises one ``BadInput`` that names every fault."""
    trimmed = {field: " ".join(word for word in text.split(" ") if word) for field, text in asdict(person).items()}
    all_at_once(*(lambda field=field, text=text: _check(field, text) for field, text in trimmed.items()))
    return Person(**trimmed)


def stored_person(document: Mapping[str, Any]) -> Person:
    """Read the fields of an account's document; one that is missing or no text is empty."""
    return Person(**{field: text for field in LABELS if isinstance(text := document.get(field), str)})


def _check(field: str, text: str) -> None:
    label = LABELS[field]
    if len(text) > MOST[field]:
        raise BadInput(f"{label}: at most {MOST[field]} characters.")
    # Cc, Cf, Cs, Zl, Zp: control characters, marks that turn the direction, half characters, ends of lines.
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text):
        raise BadInput(f"{label}: one line of ordinary characters.")
    if field == "email" and text and not mail_address.is_mail_address(text):
        raise BadInput(f"{label}: an address such as ada@example.org.")
