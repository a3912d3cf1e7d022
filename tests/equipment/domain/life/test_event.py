"""Events: what may be written down, whether a record's dates follow, and how it is said."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from backup_engine.errors import BadInput
from equipment.domain.life.event import KINDS, RESULTS, Done, clean, clean_reason, follows_record, in_words, is_kind

TODAY = date(2026, 11, 28)
NEXT = date(2027, 11, 28)


def done(**given: Any) -> Done:
    return Done(**{"kind": "maintenance", "day": TODAY, **given})


def test_what_is_typed_is_trimmed() -> None:
    cleaned = clean(done(by="  Ada   Lovelace ", cost=" 120  EUR ", certificate=" C-17 ", note=" oil\n"), TODAY)

    assert (cleaned.by, cleaned.cost, cleaned.certificate, cleaned.note) == ("Ada Lovelace", "120 EUR", "C-17", "oil")


@pytest.mark.parametrize("cost", ["", "0", "120 EUR", "€ 1,200.50", "~500", "12.50"])
def test_a_cost_is_a_number_with_a_currency_as_it_was_typed(cost: str) -> None:
    assert clean(done(cost=cost), TODAY).cost == cost


@pytest.mark.parametrize(("given", "words"), [
    ({"kind": "party"}, "Say what was done"), ({"result": "so so"}, "Such a result"),
    ({"day": TODAY + timedelta(days=1)}, "which is to come"), ({"next_due": TODAY}, "not after the day"),
    ({"by": "a\nb"}, "Who: one line"), ({"by": "x" * 101}, "Who: at most 100"),
    ({"cost": "much"}, "Cost: a number"), ({"cost": "-5 EUR"}, "Cost: a number"),
    ({"cost": "CAL-10"}, "Cost: a number"),
    ({"cost": "1" * 41}, "Cost: at most 40"), ({"certificate": "gpj.\u202eexe"}, "Certificate: one line"),
    ({"note": "x" * 1_001}, "Note: at most"),
])
def test_what_cannot_be_says_why(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        clean(done(**given), TODAY)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(BadInput) as raised:
        clean(done(day=TODAY + timedelta(days=1), by="x" * 101, cost="much", note="\0"), TODAY)

    assert all(words in raised.value.message for words in ("is to come", "Who", "Cost", "Note"))


@pytest.mark.parametrize(("given", "last", "follows"), [
    ({}, None, True), ({}, TODAY, True), ({}, TODAY + timedelta(days=1), False), ({"result": "failed"}, None, False),
    ({"result": "adjusted"}, None, True), ({"next_due": None}, None, False), ({"kind": "repair"}, None, False),
])
def test_when_the_dates_of_the_record_follow(given: dict[str, Any], last: date | None, follows: bool) -> None:
    assert follows_record(done(**{"kind": "calibration", "next_due": NEXT, **given}), last) is follows


def test_it_is_said_in_one_line() -> None:
    assert in_words(done()) == "Maintenance on 2026-11-28"
    assert in_words(done(kind="calibration", by="Ada", result="adjusted", certificate="C-17", cost="120 EUR",
                         next_due=NEXT)) == (
        "Calibration on 2026-11-28 by Ada, passed with adjustment, certificate C-17, 120 EUR, next due on 2027-11-28")


def test_a_reason_is_needed_to_strike_one_out() -> None:
    assert clean_reason(" wrong thing\n") == "wrong thing"
    for why in ("", "  ", "\0", "x" * 1_001):
        with pytest.raises(BadInput):
            clean_reason(why)


def test_every_kind_and_result_has_its_words() -> None:
    assert all(is_kind(kind) for kind in KINDS) and not is_kind("party") and not is_kind(None)
    assert len(set(RESULTS.values())) == len(RESULTS) == 4
