"""Month names in four languages, whole and short."""

from __future__ import annotations

import pytest

from equipment.domain.values.month_names import fold, number_of

LANGUAGES = {
    "English": "January February March April May June July August September October November December",
    "English, short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "German, short": "Jän Feb Mrz Apr Mai Jun Jul Aug Sept Okt Nov Dez",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "French, short": "janv févr mars avr mai juin juil août sept oct nov déc",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Spanish, short": "ene feb mar abr may jun jul ago sep oct nov dic",
}


@pytest.mark.parametrize("names", LANGUAGES.values(), ids=LANGUAGES)
def test_every_month_is_known(names: str) -> None:
    assert [number_of(fold(name)) for name in names.split()] == list(range(1, 13))
    assert [number_of(fold(name.upper())) for name in names.split()] == list(range(1, 13))


def test_other_words_are_none() -> None:
    assert [number_of(word) for word in ("lab", "ma", "märz", "")] == [0, 0, 0, 0]


def test_what_is_folded_has_neither_case_nor_accents_nor_other_dashes() -> None:
    assert fold("MÄRZ – Fév ２") == "marz - fev 2"
