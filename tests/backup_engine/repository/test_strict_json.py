"""JSON that anybody may have edited means one thing, or is refused."""

from __future__ import annotations

import json

import pytest

from backup_engine.repository import strict_json


@pytest.mark.parametrize(("text", "why"), [
    ('{"a": 1, "a": 2}', "appears twice"), ('{"a": NaN}', "NaN"), ("[-Infinity]", "Infinity"),
    ('{"a":' * 10**4 + "1" + "}" * 10**4, "nested too deeply"), ("{", "Expecting"),
    (json.dumps(dict.fromkeys(range(strict_json.MOST_MEMBERS + 1))), "too many keys"),
], ids=["twice", "NaN", "infinity", "deep", "half", "wide"])
def test_what_can_mean_two_things_or_too_much_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strict_json.loads(text)


def test_the_largest_that_is_read() -> None:
    most = {str(number): None for number in range(strict_json.MOST_MEMBERS)}

    assert strict_json.loads(json.dumps(most)) == most
