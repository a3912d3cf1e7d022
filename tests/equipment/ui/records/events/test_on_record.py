"""A record's page: what was done to it, writing down more, and striking out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.calibration import CERTIFICATE, after_months
from equipment.domain.life.event import Done
from equipment.store.life import events, servicing
from equipment.ui.parts import newest_first
from tests.equipment.ui import records_page
from tests.equipment.ui.records.events.lab import TODAY, adding, lab, on_record, planned, striking, wrote
from tests.equipment.ui.records.files.lab import attached
from tests.equipment.ui.records.loans.lab import key, opened, press, words

Db = Database[dict[str, Any]]


def labels(test: Any) -> list[str]:
    return [button.label for button in test.button]


def test_events_stand_the_newest_first_with_their_notes(database: Db) -> None:
    who = lab(database)
    wrote(database, 1, Done("repair", TODAY - timedelta(days=9), "Acme", cost="120 EUR", note="new *fuse*"))
    wrote(database, 1, Done("inspection", TODAY, result="passed"))

    test = opened(database, who, on_record, (1,))

    assert not test.exception
    shown = words(test)
    assert shown.index("Inspection on") < shown.index("Repair on") and "passed" in shown
    assert "Events (2)" in shown and "120 EUR" in shown and "new \\*fuse\\*" in shown
    assert labels(test) == ["Add event", "Strike out", "Strike out"]


def test_they_are_a_part_of_the_records_page(database: Db, tmp_path: Path) -> None:
    lab(database)
    wrote(database, 1, Done("repair", TODAY))

    test = records_page.page(database, tmp_path, "technician", id=key(1))

    assert not test.exception and not test.error
    assert "Events (1)" in words(test) and "record_event" in [button.key for button in test.button]


def test_beyond_the_first_ones_they_are_folded_away(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_first, "SHOWN", 1)
    who = lab(database)
    for _ in range(3):
        wrote(database, 1, Done("repair", TODAY))

    assert [each.label for each in opened(database, who, on_record, (1,)).expander] == ["Earlier (2)"]


def test_a_user_reads_and_a_manager_plans(database: Db) -> None:
    user = lab(database, "user")
    assert words(opened(database, user, on_record, (1,))) == ""
    wrote(database, 1, Done("repair", TODAY))
    test = opened(database, user, on_record, (1,))
    assert "Repair on" in words(test) and labels(test) == []
    database["equipment_users"].update_one({"_id": "tom"}, {"$set": {"role": "manager"}})

    test = opened(database, user, on_record, (1,))

    assert labels(test) == ["Add event", "Plan", "Strike out"]
    assert press(test, "Plan").button(key="plan_save").label == "Make the plan"


def test_a_repair_is_written_down(database: Db) -> None:
    who = lab(database)
    assert press(opened(database, who, on_record, (1,)), "Add event").button(key="event_save").label == "Add event"
    test = opened(database, who, adding, (1,))
    test.selectbox(key="event_kind").set_value("repair").run()
    test.text_input(key="event_by").input("Acme Service")
    test.text_input(key="event_cost").input("120 EUR")
    test.text_input(key="event_note").input("new fuse")
    test.selectbox(key="event_result").set_value("passed")

    test = press(test, "Add event")

    assert not test.exception and not test.error
    [event] = events.of_thing(database, key(1))
    assert event.done == Done("repair", TODAY, "Acme Service", "passed", "120 EUR", "", "new fuse")


def test_a_file_of_the_record_is_chosen_as_the_certificate(database: Db) -> None:
    who = lab(database)
    there = attached(database, name="cert *1.pdf")
    test = opened(database, who, adding, (1,))
    test.selectbox(key="event_kind").set_value("repair").run()
    test.selectbox(key="event_file").select_index(1)

    test = press(test, "Add event")

    assert not test.exception and not test.error
    assert [event.done.file for event in events.of_thing(database, key(1))] == [there.number]
    [shown] = opened(database, who, on_record, (1,)).get("link_button")
    assert (shown.proto.label, shown.proto.url) == ("Certificate", f"./files/{there.number}?show=1")


def test_a_calibration_sets_the_dates_by_the_records_own_interval(database: Db) -> None:
    who = lab(database)
    test = opened(database, who, adding, (3,))
    assert test.selectbox(key="event_kind").value == "calibration"
    test.text_input(key="event_certificate").input("C-17")

    test = press(test, "Add event")

    assert not test.exception and not test.error
    record = database["Equipment"].find_one({"_id": 3}) or {}
    assert record["Last Cal Date"] == TODAY.isoformat() and record[CERTIFICATE] == "C-17"
    assert record["Next Cal Date"] == after_months(TODAY, 12).isoformat()
    assert test.session_state["undo_offer"].words.endswith("its dates follow.")


def test_what_cannot_be_is_said_and_what_was_typed_stays(database: Db) -> None:
    who = lab(database)
    test = opened(database, who, adding, (1,))
    test.text_input(key="event_cost").input("much")

    test = press(test, "Add event")

    assert "Cost\\: a number" in test.error[0].value.replace("Cost:", "Cost\\:")
    assert test.text_input(key="event_cost").value == "much" and events.of_thing(database, key(1)) == []


def test_what_somebody_changed_meanwhile_is_said_and_stays(database: Db) -> None:
    who = lab(database)
    test = opened(database, who, adding, (3,))
    database["Equipment"].update_one({"_id": 3}, {"$set": {"Next Cal Date": "2030-01-01"}})

    test = press(test, "Add event")

    assert "changed by someone else" in words(test)
    assert (database["Equipment"].find_one({"_id": 3}) or {})["Next Cal Date"] == "2030-01-01"
    assert events.of_thing(database, key(3)) == [] and "Close" in labels(test)


def test_of_several_plans_one_is_chosen(database: Db) -> None:
    who = lab(database)
    planned(database)
    oil = planned(database, what="Oil", every=1)
    test = opened(database, who, adding, (1,))
    test.selectbox(key="event_kind").set_value("maintenance").run()
    test.selectbox(key="event_plan_maintenance").set_value(oil).run()

    press(test, "Add event")

    assert [last.plan for last in events.lasts(database)] == [oil.number]


def test_cancel_writes_nothing(database: Db) -> None:
    press(opened(database, lab(database), adding, (1,)), "Cancel")

    assert events.of_thing(database, key(1)) == []


def test_an_event_is_struck_out_with_a_reason(database: Db) -> None:
    who = lab(database)
    wrote(database, 1, Done("repair", TODAY))
    test = opened(database, who, striking, (1,))
    assert "Say why" in press(test, "Strike out").error[0].value
    test.text_input(key="event_why").input("another thing")

    press(test, "Strike out")

    [event] = events.of_thing(database, key(1))
    assert event.struck and event.why == "another thing"
    shown = opened(database, who, on_record, (1,))
    assert "~~Repair on" in words(shown) and "Struck out by tom: another thing" in words(shown)
    assert labels(shown) == ["Add event"]


def test_two_strike_the_same_one_out(database: Db) -> None:
    who = lab(database)
    number = wrote(database, 1, Done("repair", TODAY))
    test = opened(database, who, striking, (1,))
    test.text_input(key="event_why").input("mine")
    servicing.strike(database, who, number, "theirs")

    assert "struck out already" in press(test, "Strike out").error[0].value
    assert events.of_thing(database, key(1))[0].why == "theirs"
