"""One reference a request, and none is taken for that of another."""

from __future__ import annotations

import pytest

from equipment.logs import reference


@pytest.fixture(autouse=True)
def _none() -> None:
    reference.forget()


def test_every_request_has_its_own() -> None:
    with reference.request() as first:
        assert reference.known() == reference.current() == first
    with reference.request() as second:
        pass

    assert len(first) == 8 and first != second
    assert reference.known() == ""


def test_what_a_callback_did_belongs_to_the_page_drawn_after_it() -> None:
    callback = reference.current()

    with reference.request() as page:
        assert page == callback
    with reference.request() as next_page:
        assert next_page != callback


def test_a_block_inside_another_is_the_same_request() -> None:
    with reference.request() as page:
        with reference.request() as inner:
            assert inner == page
        with reference.request("CAFE0001") as given:
            assert given == "CAFE0001"
        assert reference.known() == page


def test_an_unforeseen_exception_keeps_it_for_the_line_that_tells_of_it() -> None:
    with pytest.raises(ValueError, match="x"), reference.request() as number:
        raise ValueError("x")

    assert reference.current() == number


def test_the_end_of_a_page_by_streamlit_ends_it() -> None:
    class Stop(BaseException):
        pass

    with pytest.raises(Stop), reference.request():
        raise Stop

    assert reference.known() == ""
