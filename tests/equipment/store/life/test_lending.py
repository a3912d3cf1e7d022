"""Giving out, taking back and reserving: once at a time, by whom it may be done, and what stays of it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.life.loan import Holder, Terms
from equipment.store import activity
from equipment.store.access import SYSTEM, Who
from equipment.store.life import lending, loans
from equipment.store.list import keys, records
from equipment.store.list.records import Entry
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date(2026, 11, 28)
ADA, BEN = Holder("Ada", "ada"), Holder("Ben", "ben")


@pytest.fixture
def who(database: Db) -> Who:
    loans.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in range(1, 6)])
    return signed_in(database, "technician", "tom")


def entry(database: Db, number: int) -> Entry:
    found = records.get(database, keys.key_of_id(number))
    assert found is not None
    return found


def until(days: int | None, holder: Holder = ADA, first: int = 0) -> Terms:
    return Terms(holder, TODAY + timedelta(days=first), None if days is None else TODAY + timedelta(days=days))


def out(database: Db, who: Who, number: int, terms: Terms) -> lending.Lent:
    [lent] = lending.check_out(database, who, [entry(database, number)], terms, today=TODAY)
    return lent


def test_a_thing_goes_out_and_comes_back_and_its_record_is_not_touched(database: Db, who: Who) -> None:
    before = entry(database, 1).raw

    lent = out(database, who, 1, Terms(ADA, TODAY, TODAY + timedelta(days=7), "Room 3", "with case"))

    assert lent.loan is not None and lent.loan.terms.place == "Room 3" and lent.why == ""
    assert loans.out(database, [lent.thing])[lent.thing].terms.holder == ADA
    [back] = lending.check_in(database, who, [lent.loan.number], note="lid is scratched")
    assert back.loan is not None and (back.loan.state, back.loan.ended_by, back.loan.end_note) == (
        "back", "tom", "lid is scratched")
    assert loans.out(database, [lent.thing]) == {} and entry(database, 1).raw == before
    said = activity.of_target(database, keys.target(lent.thing), limit=9)
    assert [each["action"] for each in said] == ["loans.back", "loans.out"]


def test_many_go_out_in_one_deed_and_each_that_cannot_says_why(database: Db, who: Who) -> None:
    out(database, who, 2, until(3, BEN))
    database["Equipment"].delete_one({"_id": 3})
    gone = Entry(keys.key_of_id(3), entry(database, 1).raw)

    lent = lending.check_out(database, who, [entry(database, 1), entry(database, 2), gone, entry(database, 4)],
                             until(7), today=TODAY)

    assert [bool(each.loan) for each in lent] == [True, False, False, True]
    assert lent[1].why == "Ben has it since 2026-11-28, due back on 2026-12-01"
    assert "not in the list" in lent[2].why
    newest, after = activity.of_target(database, keys.target(keys.key_of_id(1)), limit=1) + activity.of_target(
        database, keys.target(keys.key_of_id(4)), limit=1)
    assert newest.get(activity.FOLLOWS) == after["_id"] or after.get(activity.FOLLOWS) == newest["_id"]


def test_too_many_at_once_are_refused(database: Db, who: Who) -> None:
    with pytest.raises(BadInput, match="At most 100"):
        lending.check_out(database, who, [entry(database, 1)] * 101, until(7), today=TODAY)


@pytest.mark.parametrize("days", [7, None])
def test_two_at_the_same_moment_and_one_gets_it(database: Db, who: Who, days: int | None) -> None:
    thing, start, done = entry(database, 1), threading.Barrier(8), list[lending.Lent]()

    def press(number: int) -> None:
        start.wait()
        done.extend(lending.check_out(database, who, [thing], until(days, Holder(f"P{number}")), today=TODAY))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(lent.loan is not None for lent in done) == 1
    assert all("has it since" in lent.why for lent in done if lent.loan is None)
    assert database[loans.LOANS].count_documents({"out": thing.key}) == 1


def test_without_the_index_it_would_go_out_twice(database: Db, who: Who) -> None:
    """The promise rests on MongoDB's own index, not on having looked before."""
    assert {"out_1", "days_1"} <= {name for name, index in database[loans.LOANS].index_information().items()
                                   if index.get("unique") and index.get("sparse")}


def test_back_twice_says_so(database: Db, who: Who) -> None:
    loan = out(database, who, 1, until(7)).loan
    assert loan is not None
    lending.check_in(database, who, [loan.number])

    [again] = lending.check_in(database, who, [loan.number])

    assert (again.loan, again.why) == (None, "is back already")
    with pytest.raises(BadInput, match="no such loan"):
        lending.check_in(database, who, ["000000000000000000000000"])
    with pytest.raises(BadInput, match="no such loan"):
        lending.check_in(database, who, ["x"])


# Reservations.

def test_spans_may_not_overlap(database: Db, who: Who) -> None:
    lending.reserve(database, who, entry(database, 1), until(9, BEN, first=5), today=TODAY)

    for first, last in ((4, 5), (9, 12), (6, 7), (1, 30)):
        with pytest.raises(BadInput, match="reserved for Ben from 2026-12-03 to 2026-12-07"):
            lending.reserve(database, who, entry(database, 1), until(last, ADA, first), today=TODAY)
    lending.reserve(database, who, entry(database, 1), until(4, ADA, 2), today=TODAY)
    lending.reserve(database, who, entry(database, 1), until(12, ADA, 10), today=TODAY)
    lending.reserve(database, who, entry(database, 2), until(9, ADA, 5), today=TODAY)  # another thing

    assert [loan.terms.holder for loan in loans.reservations(database, entry(database, 1).key, TODAY)] == [
        ADA, BEN, ADA]


def test_two_spans_at_the_same_moment_and_one_is_kept(database: Db, who: Who) -> None:
    thing, start, done = entry(database, 1), threading.Barrier(6), list[str]()

    def press(number: int) -> None:
        start.wait()
        try:
            lending.reserve(database, who, thing, until(8 + number, Holder(f"P{number}"), 5), today=TODAY)
            done.append("")
        except BadInput as error:
            done.append(str(error))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done.count("") == 1 and all("reserved for P" in words for words in done if words)


def test_what_is_reserved_goes_to_nobody_else(database: Db, who: Who) -> None:
    lending.reserve(database, who, entry(database, 1), until(9, BEN, first=5), today=TODAY)

    assert "reserved for Ben" in out(database, who, 1, until(5)).why
    assert "reserved for Ben" in out(database, who, 1, until(None)).why
    assert out(database, who, 1, until(4)).loan is not None


def test_ones_own_reservation_becomes_the_loan(database: Db, who: Who) -> None:
    kept = lending.reserve(database, who, entry(database, 1), until(9, BEN, first=2), today=TODAY)

    loan = out(database, who, 1, until(12, BEN)).loan

    assert loan is not None and (loan.number, loan.state) == (kept.number, "out")
    assert loans.reservations(database, loan.thing, TODAY) == []
    lending.check_in(database, who, [loan.number])
    lending.reserve(database, who, entry(database, 1), until(9, ADA, first=2), today=TODAY)  # its days are free again


def test_who_has_it_without_an_end_keeps_reservations_away(database: Db, who: Who) -> None:
    out(database, who, 1, until(None))

    with pytest.raises(BadInput, match="until further notice"):
        lending.reserve(database, who, entry(database, 1), until(9, BEN, first=5), today=TODAY)


def test_what_is_given_up_is_free_again(database: Db, who: Who) -> None:
    kept = lending.reserve(database, who, entry(database, 1), until(9, BEN), today=TODAY)

    done = lending.cancel(database, who, kept.number, note="not needed")

    assert done.loan is not None and done.loan.state == "cancelled"
    assert lending.cancel(database, who, kept.number).why == "is no longer reserved"
    assert out(database, who, 1, until(9)).loan is not None


def test_a_longer_loan_stops_at_what_others_reserved(database: Db, who: Who) -> None:
    loan = out(database, who, 1, until(2)).loan
    assert loan is not None
    lending.reserve(database, who, entry(database, 1), until(9, BEN, first=5), today=TODAY)

    longer = lending.prolong(database, who, loan.number, TODAY + timedelta(days=4), today=TODAY)

    assert longer.terms.last == TODAY + timedelta(days=4)
    for last in (TODAY + timedelta(days=5), None):
        with pytest.raises(BadInput, match="reserved for Ben"):
            lending.prolong(database, who, loan.number, last, today=TODAY)
    with pytest.raises(BadInput, match="is past"):
        lending.prolong(database, who, loan.number, TODAY - timedelta(days=1), today=TODAY)
    with pytest.raises(BadInput, match="Ada has it"):  # the days of the longer loan are taken as well
        lending.reserve(database, who, entry(database, 1), until(4, BEN, first=4), today=TODAY)


def test_a_reservation_that_could_not_become_the_loan_is_one_again(
    database: Db, who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reserves a later span at the very moment at which it goes out until further notice."""
    kept = lending.reserve(database, who, entry(database, 1), until(2, BEN), today=TODAY)
    before = database[loans.LOANS].find_one()
    fetched = lending._fetched

    def slow(*given: Any) -> Any:
        reserved = fetched(*given)
        late = {"thing": kept.thing, "name": "ID 1", "holder": "Eve", "account": "", "state": "reserved", "by": "Eve",
                "first": "2026-12-20", "last": "2026-12-21", "days": [f"{kept.thing}|2026-12-20"]}
        database[loans.LOANS].insert_one(late)
        return reserved

    monkeypatch.setattr(lending, "_fetched", slow)

    assert "reserved for Eve" in out(database, who, 1, until(None, BEN)).why
    assert database[loans.LOANS].find_one({"holder": "Ben"}) == before


# Who may.

def test_a_user_takes_only_for_himself_and_only_if_the_setting_says_so(database: Db, who: Who) -> None:
    user, admin = signed_in(database, "user", "ada"), signed_in(database, "admin")
    with pytest.raises(PermissionDenied):
        out(database, user, 1, until(7))
    with pytest.raises(PermissionDenied):
        lending.switch(database, user, own=True)

    lending.switch(database, admin, own=True)

    loan = out(database, user, 1, until(7)).loan
    assert loan is not None
    lending.check_in(database, user, [loan.number])
    others = out(database, who, 2, until(7, BEN)).loan
    assert others is not None
    for deed in (lambda: out(database, user, 3, until(7, BEN)),
                 lambda: lending.check_in(database, user, [others.number]),
                 lambda: lending.prolong(database, user, others.number, None, today=TODAY),
                 lambda: lending.reserve(database, user, entry(database, 3), until(7, BEN), today=TODAY),
                 # by name alone it could be anybody
                 lambda: out(database, user, 3, until(7, Holder("ada")))):
        with pytest.raises(PermissionDenied):
            deed()


def test_nobody_without_a_session_does_anything(database: Db, who: Who) -> None:
    lending.switch(database, SYSTEM, own=True)
    with pytest.raises(PermissionDenied):
        out(database, Who("nothing", "ada"), 1, until(7))
    assert database[loans.LOANS].count_documents({}) == 0


# Looking.

def test_lists_of_who_has_what(database: Db, who: Who) -> None:
    for number, terms in ((1, until(7)), (2, until(2)), (3, until(None)), (4, until(5, BEN))):
        assert out(database, who, number, terms).loan
    lending.reserve(database, who, entry(database, 5), until(9, BEN), today=TODAY)
    later = TODAY + timedelta(days=4)

    due_first = loans.listed(database, "out", TODAY)

    assert [loan.thing for loan in due_first] == [keys.key_of_id(n) for n in (2, 4, 1, 3)]
    assert [loan.thing for loan in loans.listed(database, "overdue", later)] == [keys.key_of_id(2)]
    assert loans.count(database, "out", TODAY, account="ada") == 3
    assert loans.count(database, "overdue", later, account="ben") == 0
    assert [loan.state for loan in loans.listed(database, "reserved", TODAY, account="ben")] == ["reserved"]
    assert loans.holders(database) == [ADA, BEN]
    lending.check_in(database, who, [due_first[0].number])
    assert [loan.state for loan in loans.listed(database, "ended", TODAY)] == ["back"]
    assert [loan.state for loan in loans.of_thing(database, keys.key_of_id(2))] == ["back"]


def test_the_demonstration_in_memory_lends_as_well() -> None:
    database: Any = mongomock.MongoClient().demo
    loans.prepare(database)
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    who = signed_in(database, "technician", "tom")
    loan = out(database, who, 1, until(7)).loan
    assert loan is not None
    assert "has it since" in out(database, who, 1, until(7, BEN)).why
    lending.check_in(database, who, [loan.number])
    lending.reserve(database, who, entry(database, 1), until(7, BEN), today=TODAY)
    with pytest.raises(BadInput, match="reserved for Ben"):
        lending.reserve(database, who, entry(database, 1), until(3, ADA), today=TODAY)
