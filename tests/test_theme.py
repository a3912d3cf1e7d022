"""The colours of .streamlit/config.toml can be read by people whose eyes are not the best: WCAG 2.2, 1.4.3."""

from __future__ import annotations

import tomllib

import pytest

from tests.doc_pages import ROOT

LEAST = 4.5
FADED = 0.6
"""How much of the text's colour Streamlit keeps in captions, labels of charts and placeholders."""
THEMES = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]

Colour = tuple[float, float, float]


def colour(written: str) -> Colour:
    red, green, blue = (int(written[place:place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def over(above: Colour, below: Colour, share: float) -> Colour:
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(above, below, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    def light(of: Colour) -> float:
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_and_captions_stand_out_from_their_ground(name: str, ground: str) -> None:
    theme = THEMES[name]
    text, below = colour(theme["textColor"]), colour(theme[ground])

    assert contrast(text, below) >= LEAST
    assert contrast(over(text, below, FADED), below) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_white_words_of_the_main_button_stand_out(name: str) -> None:
    assert contrast((1, 1, 1), colour(THEMES[name]["primaryColor"])) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_code_in_a_sentence_stands_out(name: str, ground: str) -> None:
    assert contrast(colour(THEMES[name]["codeTextColor"]), colour(THEMES[name][ground])) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
def test_code_in_a_caption_stands_out(name: str) -> None:
    page, code, ground = (colour(THEMES[name][part])
                          for part in ("backgroundColor", "codeTextColor", "secondaryBackgroundColor"))

    assert contrast(over(code, page, FADED), over(ground, page, FADED)) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
def test_links_stand_out(name: str) -> None:
    assert contrast(colour(THEMES[name]["linkColor"]), colour(THEMES[name]["backgroundColor"])) >= LEAST
