"""Writing events down: what becomes of the record, who may, what others did meanwhile, striking out and undoing."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.calibration import CERTIFICATE
from equipment.domain.life.attachment import Limits
from equipment.domain.life.event import Done
from equipment.store import activity
from equipment.store.access import SYSTEM, Who
from equipment.store.life import events, filing, servicing
from equipment.store.life.servicing import Written, Wrote
from equipment.store.list import keys, records, undo
from equipment.store.list.records import Entry, Save
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date(2026, 11, 28)
NEXT = date(2027, 11, 28)
REPAIR = Done("repair", TODAY, "Acme", cost="120 EUR", note="new fuse")
CALIBRATION = Done("calibration", TODAY, "Ada", "passed", certificate="C-17", next_due=NEXT)


@pytest.fixture
def who(database: Db) -> Who:
    events.prepare(database)
    undo.prepare(database)
    database["Equipment"].insert_many([
        {"_id": n, "ID": n, "Vendor": "Acme", "Last Cal Date": "1.2.2025", "Next Cal Date": "1.2.2026"}
        for n in range(1, 5)])
    return signed_in(database, "technician", "tom")


def entry(database: Db, number: int) -> Entry:
    found = records.get(database, keys.key_of_id(number))
    assert found is not None
    return found


def write(database: Db, who: Who, *wanted: tuple[int, Done]) -> tuple[str, list[Written]]:
    return servicing.write(database, who, [Wrote(entry(database, number), done) for number, done in wanted],
                           today=TODAY)


def dates(database: Db, number: int) -> tuple[Any, ...]:
    record = entry(database, number).record
    return record["Last Cal Date"], record["Next Cal Date"], record.get(CERTIFICATE)


def test_a_repair_is_beside_the_record_and_not_in_it(database: Db, who: Who) -> None:
    before = entry(database, 1).raw

    number, [written] = write(database, who, (1, REPAIR))

    assert (number, written.why, entry(database, 1).raw) == ("", "", before)
    assert written.event is not None and written.event.done == REPAIR and written.event.by == "tom"
    assert events.of_thing(database, written.thing) == [written.event]
    [said] = activity.of_target(database, keys.target(written.thing))
    assert (said["action"], said["before"], said["after"]) == ("events.add", None, None)
    assert said["note"] == "Repair on 2026-11-28 by Acme, 120 EUR"


def test_a_file_of_the_record_can_be_the_certificate_and_nothing_else(database: Db, who: Who) -> None:
    own, other, removed = (filing.attach(database, SYSTEM, entry(database, number), "c.pdf", io.BytesIO(data),
                                         Limits(99, 999)) for number, data in ((1, b"1"), (2, b"2"), (1, b"3")))
    filing.remove(database, SYSTEM, removed.number)

    _, [written] = write(database, who, (1, replace(REPAIR, file=own.number)))

    assert written.event is not None and events.find(database, written.event.number) == written.event
    assert written.event.done.file == own.number
    for wrong in (other.number, removed.number, "0" * 24, "x"):
        with pytest.raises(BadInput, match="no file of this record"):
            write(database, who, (1, replace(REPAIR, file=wrong)))
    assert len(events.of_thing(database, written.thing)) == 1


def test_a_calibration_sets_the_dates_of_its_record_in_the_same_deed(database: Db, who: Who) -> None:
    _, [written] = write(database, who, (1, CALIBRATION))

    assert written.event is not None
    assert dates(database, 1) == ("2026-11-28", "2027-11-28", "C-17")
    said = activity.of_target(database, keys.target(written.thing))
    assert sorted(each["action"] for each in said) == ["events.add", "records.edit"]
    assert dates(database, 2) == ("1.2.2025", "1.2.2026", None)


def test_dates_keep_their_kind_and_a_certificate_that_nobody_typed_stays(database: Db, who: Who) -> None:
    database["Equipment"].update_one({"_id": 1}, {"$set": {"Last Cal Date": datetime(2025, 2, 1), CERTIFICATE: "old"}})

    write(database, who, (1, Done("calibration", TODAY, next_due=NEXT)))

    assert dates(database, 1) == (datetime(2026, 11, 28), "2027-11-28", "old")


@pytest.mark.parametrize("done", [
    Done("calibration", TODAY), Done("calibration", TODAY, result="failed", next_due=NEXT),
    Done("calibration", date(2024, 5, 1), next_due=date(2025, 5, 1)), Done("inspection", TODAY, next_due=NEXT)])
def test_what_says_nothing_of_the_next_calibration_leaves_the_dates(database: Db, who: Who, done: Done) -> None:
    _, [written] = write(database, who, (1, done))

    assert written.event is not None and dates(database, 1) == ("1.2.2025", "1.2.2026", None)


def test_what_somebody_changed_meanwhile_is_left_and_says_why(database: Db, who: Who) -> None:
    seen = [entry(database, number) for number in (1, 2, 3, 4)]
    database["Equipment"].update_one({"_id": 2}, {"$set": {"Next Cal Date": "1.1.2030"}})
    database["Equipment"].delete_one({"_id": 3})

    _, done = servicing.write(database, who, [Wrote(each, CALIBRATION) for each in seen], today=TODAY)

    assert [bool(each.event) for each in done] == [True, False, False, True]
    assert "changed by someone else" in done[1].why and "deleted by someone else" in done[2].why
    assert dates(database, 2)[1] == "1.1.2030" and events.of_thing(database, seen[1].key) == []
    assert dates(database, 4)[1] == "2027-11-28"


def test_a_thing_that_is_gone_has_no_repairs(database: Db, who: Who) -> None:
    gone = entry(database, 1)
    database["Equipment"].delete_one({"_id": 1})

    _, [written] = servicing.write(database, who, [Wrote(gone, REPAIR)], today=TODAY)

    assert written == Written(gone.key, "ID 1 · Acme", None, "is not in the list any more")


def test_of_two_events_of_one_thing_the_first_sets_its_dates(database: Db, who: Who) -> None:
    _, done = write(database, who, (1, CALIBRATION), (1, Done("calibration", TODAY, next_due=TODAY + timedelta(1))),
                    (1, REPAIR))

    assert all(each.event for each in done) and dates(database, 1)[1] == "2027-11-28"


def test_nothing_is_written_where_one_cannot_be(database: Db, who: Who) -> None:
    with pytest.raises(BadInput, match="is to come"):
        write(database, who, (1, REPAIR), (2, Done("repair", TODAY + timedelta(days=1))))
    with pytest.raises(BadInput, match="At most 100"):
        write(database, who, *[(1, REPAIR)] * 101)

    assert database[events.EVENTS].count_documents({}) == 0


def test_who_may_not_writes_nothing_and_strikes_nothing_out(database: Db, who: Who) -> None:
    _, [written] = write(database, who, (1, REPAIR))
    assert written.event is not None
    user = signed_in(database, "user", "ada")

    with pytest.raises(PermissionDenied):
        write(database, user, (1, REPAIR))
    with pytest.raises(PermissionDenied):
        servicing.strike(database, user, written.event.number, "not mine")
    assert [event.struck for event in events.of_thing(database, written.thing)] == [None]


def test_an_event_is_struck_out_once_with_a_reason_and_stays_to_be_read(database: Db, who: Who) -> None:
    _, [written] = write(database, who, (1, CALIBRATION))
    assert written.event is not None
    number = written.event.number
    with pytest.raises(BadInput, match="Say why"):
        servicing.strike(database, who, number, " ")

    struck = servicing.strike(database, who, number, "another thing")

    assert struck.struck and (struck.struck_by, struck.why) == ("tom", "another thing")
    stored = events.find(database, number)
    assert stored is not None and (stored.done, stored.why) == (written.event.done, "another thing")
    assert events.lasts(database) == [] and dates(database, 1)[1] == "2027-11-28", "the dates stay"
    said = activity.of_target(database, keys.target(written.thing))
    assert said[0]["action"] == "events.strike" and said[0]["note"].endswith("another thing")
    for gone in (number, "0" * 24, "none"):
        with pytest.raises(BadInput):
            servicing.strike(database, who, gone, "again")


def test_undoing_the_deed_strikes_out_what_was_written_with_it(database: Db, who: Who) -> None:
    number, done = write(database, who, (1, CALIBRATION), (2, CALIBRATION), (3, REPAIR))
    records.save(database, who, [Save(entry(database, 2), {"Location": "Room 3"})])

    undone = servicing.take_back(database, who, number)

    assert (undone.written, len(undone.left)) == (1, 1)
    assert dates(database, 1) == ("1.2.2025", "1.2.2026", None) and dates(database, 2)[1] == "2027-11-28"
    struck = [events.find(database, each.event.number) for each in done if each.event]
    assert [event and event.why for event in struck] == [servicing.UNDONE, "", ""]


def test_in_memory_it_is_the_same(who: Who) -> None:
    database: Any = mongomock.MongoClient().db
    database["Equipment"].insert_one({"_id": 1, "ID": 1, "Next Cal Date": ""})

    number, [written] = servicing.write(database, SYSTEM, [Wrote(entry(database, 1), CALIBRATION)], today=TODAY)

    assert written.event is not None and entry(database, 1).record["Next Cal Date"] == "2027-11-28"
    assert [last.next_due for last in events.lasts(database)] == [NEXT]
    servicing.take_back(database, SYSTEM, number)
    assert events.lasts(database) == []
