"""The section *Loans*: who has what, one's own things, and what can be done with ticked rows."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.store.life import lending
from equipment.ui.records.loans import screen
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import lab, lent, opened, press, section, words

Db = Database[dict[str, Any]]


def shown(test: Any) -> list[str]:
    return [f"{row['Equipment']}: {row['Who']}, {row['State']}" for _, row in test.dataframe[0].value.iterrows()]


def view(test: Any, name: str) -> Any:
    return test.segmented_control(key="loans_view").set_value(name).run()


def test_a_technician_sees_what_is_out_the_overdue_first(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada", days=7)
    lent(database, who, 2, "Ben", days=-3)
    lent(database, who, 3, "Ada", days=None)

    test = opened(database, who, section)

    assert not test.exception
    assert shown(test) == ["ID 2 · Acme M2: Ben, 3 days overdue", "ID 1 · Acme M1: Ada, due in 7 days",
                           "ID 3 · Acme M3: Ada, until further notice"]
    assert [option.content for option in test.segmented_control(key="loans_view").proto.options][:3] == [
        "My things (0)", "Out (3)", "Overdue (1)"]
    assert shown(view(test, "Overdue")) == ["ID 2 · Acme M2: Ben, 3 days overdue"]
    assert "Nothing is reserved" in words(view(test, "Reserved"))
    assert "No loan has ended" in words(view(test, "Ended"))


def test_one_person_at_a_time(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada")
    lent(database, who, 2, "Ben")
    test = opened(database, who, section)

    test.selectbox(key="loans_person").set_value("Ben").run()

    assert shown(test) == ["ID 2 · Acme M2: Ben, due in 7 days"]


def test_a_user_begins_with_his_own_things(database: Db) -> None:
    who = lab(database)
    user = signed_in(database, "user", "ada")
    assert "You have nothing" in words(opened(database, user, section))
    lent(database, who, 1, "ada", account="ada")
    lent(database, who, 2, "Ben")

    test = opened(database, user, section)

    assert shown(test) == ["ID 1 · Acme M1: ada, due in 7 days"]
    assert all(button.disabled for button in test.button)
    assert test.toggle == [] or not list(test.toggle)


def test_an_administrator_lets_everybody_take_things(database: Db) -> None:
    lab(database)
    test = opened(database, signed_in(database, "admin"), section)

    test.toggle(key="loans_own").set_value(True).run()

    assert not test.exception and lending.people_may(database)
    test.toggle(key="loans_own").set_value(False).run()
    assert not lending.people_may(database)


def test_what_is_ticked_is_taken_back_and_not_its_neighbour_of_before(database: Db) -> None:
    """Somebody else's loan that is due earlier moved every row down by one."""
    who = lab(database)
    loan = lent(database, who, 1, "Ada", days=7)
    test = opened(database, who, section)
    test.session_state[screen.TABLE] = (loan.number,)
    lent(database, who, 2, "Ben", days=-3)

    test = press(test.run(), "Check in 1")

    assert "Ada has it since" in words(test) and "Ben has it" not in words(test)
    test.button(key="loan_check_in")
