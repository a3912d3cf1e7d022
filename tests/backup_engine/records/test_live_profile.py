"""How a list looks, whatever its records hold."""

from __future__ import annotations

from datetime import datetime

import bson
import pytest
from bson import DatetimeMS, Int64

from backup_engine.records import raw
from backup_engine.records.live_profile import LiveProfile

FAR = DatetimeMS(253402300800000)
BROKEN = bson.encode({"_id": 3, "ID": 3, "name": "abcd"}).replace(b"abcd", b"a\xffcd")


def test_a_record_that_python_cannot_hold_counts_like_the_others() -> None:
    profile = LiveProfile.over([
        bson.encode({"_id": 1, "ID": 1, "name": "x", "due": datetime(2026, 1, 1)}),
        bson.encode({"_id": 2, "ID": 2, "name": "y", "due": FAR}), BROKEN])

    assert profile.fields["due"].type is datetime
    assert profile.fields["name"].type is str
    assert set(profile.identities["ID"]) == {"1", "2", "3"}


@pytest.mark.parametrize("identity", [
    raw.element_of(Int64(5)), raw.element_of(5), raw.element_of(FAR), dict(raw.elements(BROKEN))[b"name"],
], ids=str)
def test_an_id_is_remembered_as_it_is_stored(identity: bytes) -> None:
    document = raw.build([(b"_id", identity), (b"uuid", raw.element_of("u-1"))])

    assert LiveProfile.over([document]).identities["uuid"] == {"u-1": identity}


def test_decoded_records_give_the_same_profile() -> None:
    documents = [{"_id": 1, "ID": 1, "n": 1.5, "s": ""}, {"_id": 2, "ID": 2, "n": None}]

    assert LiveProfile.over(documents) == LiveProfile.over(map(bson.encode, documents))
