"""Text that shrinks and breaks until it fits."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given, settings, strategies as st

from equipment.exchange.labels.fitting import POINT, Fitted, fit

SMALLEST_BOX = 16.0, 18.2
"""Millimetres beside the code on the smallest label of the choice, 38.1 × 21.2 mm."""

TEXT = st.text("iWM0 -é", max_size=200) | st.text(max_size=200)
"""Letters whose width is known, and any others."""


def sizes(fitted: Fitted) -> list[float]:
    return [round(line.size / POINT, 2) for line in fitted.lines]


def test_short_texts_are_large_and_whole() -> None:
    fitted = fit("CAL-0017", ["Fluke 87V", "", "  Serial: 12\t3 "], 33, 32)

    assert [line.text for line in fitted.lines] == ["CAL-0017", "Fluke 87V", "Serial: 12 3"]
    assert sizes(fitted) == [14, 9, 9]
    assert [line.bold for line in fitted.lines] == [True, False, False]
    assert fitted.whole


def test_long_texts_shrink_and_break_between_words() -> None:
    name = "Rohde & Schwarz FSW26 Signal- und Spektrumanalysator mit Option K70 Vektorsignalanalyse"

    fitted = fit("CAL-0017", [name, "Serial: 123456"], 29.75, 34.1)

    assert fitted.whole
    assert " ".join(line.text for line in fitted.lines) == f"CAL-0017 {name} Serial: 123456"
    assert len(fitted.lines) > 3


@pytest.mark.parametrize("word", ["W" * 80, "i" * 300, "SN-0123456789/" * 10])
def test_a_word_wider_than_the_label_breaks_within(word: str) -> None:
    fitted = fit("", [word], 17, 40)

    assert fitted.whole and "".join(line.text for line in fitted.lines) == word
    assert all(line.width is not None and line.width <= 17 for line in fitted.lines)


def test_what_does_not_fit_is_cut_visibly_and_the_id_is_not() -> None:
    fitted = fit("CAL-0017", ["word " * 200, "Serial: 1"], *SMALLEST_BOX)

    assert not fitted.whole
    assert fitted.lines[0].text == "CAL-0017"
    assert fitted.lines[-1].text.endswith("…")
    assert min(sizes(fitted)) == 5


def test_an_id_of_sixty_characters_is_whole_on_the_smallest_label() -> None:
    number = "INVENTORY/2024/" + "0123456789" * 4 + "-LAB7"
    assert len(number) == 60

    fitted = fit(number, ["A long name that has to give way to it"] * 3, *SMALLEST_BOX)

    assert "".join(line.text for line in fitted.lines if line.bold) == number


def test_a_broken_id_is_not_smaller_than_the_texts() -> None:
    fitted = fit("INVENTORY-2024-0000000123456789-LAB-0", ["Fluke"], 45, 33)

    assert sizes(fitted) == [9, 9, 9]


def test_an_id_that_fills_the_box_alone_is_cut_visibly() -> None:
    fitted = fit("9" * 400, ["Fluke"], *SMALLEST_BOX)

    assert not fitted.whole and fitted.lines[-1].text.endswith("…") and fitted.lines[-1].bold


def test_nothing_makes_no_line() -> None:
    assert fit("", [" ", "\x00"], 30, 30) == Fitted((), True)


def test_what_an_svg_must_not_hold_is_a_blank() -> None:
    assert fit("A\x00\x0bB\ufffe\ud800", [], 30, 30).lines[0].text == "A B"


@pytest.mark.parametrize(("text", "thousandths"), [
    ("CAL-0017", 722 + 667 + 556 + 333 + 4 * 556), ("été", 278 + 2 * 556),
])
def test_widths_are_those_of_arial(text: str, thousandths: float) -> None:
    [line] = fit("", [text], 60, 30).lines

    assert line.width == pytest.approx(thousandths / 1000 * line.size)


def test_letters_of_unknown_width_are_not_stretched() -> None:
    assert fit("示波器", [], 60, 30).lines[0].width is None


@settings(max_examples=50, deadline=None)
@given(title=TEXT, texts=st.lists(TEXT, max_size=5), width=st.floats(10, 70),
       height=st.floats(12, 50))
def test_lines_never_leave_the_box(title: str, texts: list[str], width: float, height: float) -> None:
    fitted = fit(title, texts, width, height)

    assert sum(line.height for line in fitted.lines) <= height + 1e-5
    assert all(line.width is None or line.width <= width + 1e-5 for line in fitted.lines)
    said = "".join("".join(letter if letter.isprintable() else " " for letter in text) for text in (title, *texts))
    drawn = "".join(line.text for line in fitted.lines)
    assert not fitted.whole or len("".join(drawn.split())) == len("".join(normalize("NFC", said).split()))
