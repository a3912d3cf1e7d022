"""What a page leaves on the way to the identity provider: for its session, for ten minutes, and once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment.accounts import trips
from equipment.store import moments

NOW = moments.now()


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "_trips", {})


def test_it_is_for_that_session_and_given_once() -> None:
    trips.begin("ada", {"tab": "x"}, {"tick_1": True}, now=NOW)

    trip = trips.under_way("ada", now=NOW)
    assert trip is not None and (trip.begun, trip.address, trip.left) == (NOW, {"tab": "x"}, {"tick_1": True})
    assert trips.under_way("bob", now=NOW) is None
    trips.end("ada")
    assert trips.under_way("ada", now=NOW) is None
    trips.end("ada")


@pytest.mark.parametrize(("minutes", "there"), [(9.9, True), (10, False), (10_000, False)])
def test_it_is_kept_for_ten_minutes(minutes: float, there: bool) -> None:
    trips.begin("ada", {}, {}, now=NOW)

    assert (trips.under_way("ada", now=NOW + timedelta(minutes=minutes)) is not None) is there
    assert bool(trips._trips) is there  # not only hidden


def test_a_second_trip_takes_the_place_of_the_first() -> None:
    trips.begin("ada", {}, {"count": "1"}, now=NOW)
    trips.begin("ada", {}, {"count": "2"}, now=NOW + timedelta(minutes=9))

    trip = trips.under_way("ada", now=NOW + timedelta(minutes=12))
    assert trip is not None and trip.left == {"count": "2"}


def test_ten_thousand_who_never_come_back_are_a_hundred() -> None:
    for number in range(10_000):
        trips.begin(str(number), {}, {}, now=NOW)

    assert len(trips._trips) == trips.MOST
    assert trips.under_way("9999", now=NOW) is not None
