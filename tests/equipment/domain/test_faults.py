"""Everything that is wrong is said at once."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.domain.faults import all_at_once


def _wrong(message: str, hint: str = "") -> None:
    raise BadInput(message, hint=hint)


def test_every_fault_is_in_the_one_error() -> None:
    with pytest.raises(BadInput) as error:
        all_at_once(lambda: _wrong("A name is needed.", "Type one."), lambda: None, lambda: _wrong("Too short."))

    assert error.value.message == "A name is needed. Too short."
    assert error.value.hint == "Type one."


def test_nothing_wrong_raises_nothing() -> None:
    seen: list[int] = []
    all_at_once(lambda: seen.append(1), lambda: seen.append(2))

    assert seen == [1, 2]
