"""A choice stays with what was chosen, wherever that stands by now."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _script(many):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.ui.parts import chosen_rows

    are = st.session_state.get("are", ["a", "b", "c"])
    if st.button("Forget"):
        chosen_rows.forget("fruit")
    before = set(st.session_state)
    chosen_rows.draw("fruit", [{"Name": each} for each in are], are, many=many)
    st.write(f"Chosen: {[each for each in are if each in chosen_rows.chosen('fruit')]}")
    tables = {key for key in st.session_state if str(key).startswith("table_of_fruit_")}
    (key,) = tables - before or tables  # the one of before is there until the end of the run
    if "clicked" in st.session_state:  # a click on them
        rows = st.session_state.pop("clicked")
        st.session_state["clicked_table"] = {"selection": {"rows": rows}}
        chosen_rows._take("fruit", "clicked_table", are)
    else:
        st.write(f"Marked: {list(st.session_state[key]['selection']['rows'])}")


def page(*, many: bool = True, **state: object) -> AppTest:
    test = AppTest.from_function(_script, args=(many,), default_timeout=60)
    for name, value in state.items():
        test.session_state[name] = value
    return test.run()


def said(test: AppTest) -> list[str]:
    return [each.value for each in test.markdown]


def test_others_that_come_and_go_leave_the_choice_where_it_was() -> None:
    test = page(fruit=("b", "c"))
    assert said(test) == ["Chosen: ['b', 'c']", "Marked: [1, 2]"]

    test.session_state["are"] = ["0", "a", "b"]

    assert said(test.run()) == ["Chosen: ['b']", "Marked: [2]"]


@pytest.mark.parametrize(("rows", "chosen"), [([2, 0], ("c", "a")), ([], ()), ([7], ())])
def test_rows_are_taken_for_what_they_are(rows: list[int], chosen: tuple[str, ...]) -> None:
    test = page(fruit=("b",), clicked=rows)

    assert test.session_state["fruit"] == chosen


def test_nothing_is_chosen_once_it_is_forgotten() -> None:
    test = page(fruit=("b",), many=False)
    assert said(test) == ["Chosen: ['b']", "Marked: [1]"]

    test.button[0].click().run()

    assert said(test.run()) == ["Chosen: []", "Marked: []"]
