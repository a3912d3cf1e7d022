"""Bytes of a table as text: one bad byte spoils one line."""

from __future__ import annotations

import pytest

from equipment.exchange.reading.choices import ENCODINGS
from equipment.exchange.reading.decoding import Decoded, decode

TEXT = "ID,Ort\r\n1,Zürich\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_usual_encodings(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)).text.removeprefix("\ufeff") == TEXT


def test_one_bad_byte_is_one_line() -> None:
    data = bytes.fromhex("49442c4e616d650a312c4dc3bc6c6c657220cea90a322c426af8726e0a")

    decoded = decode(data)

    assert decoded.text == "ID,Name\n1,Müller Ω\n2,Bjørn\n"
    assert decoded.notes == ["Line 3 is not UTF-8 and read as Windows-1252. Check the accented letters there."]


def test_many_bad_lines_are_counted() -> None:
    decoded = decode("Ä\n".encode() * 20 + b"\xe4\n" * 9)

    assert decoded.text == "Ä\n" * 20 + "ä\n" * 9
    assert decoded.notes[0].startswith("Lines 21, 22, 23, 24, 25 and 4 more are not UTF-8")


def test_a_file_that_is_hardly_ever_utf_8_is_another_encoding() -> None:
    decoded = decode("Zürich\nKöln\nGenève\n".encode("cp1252"))

    assert decoded.text == "Zürich\nKöln\nGenève\n"
    assert decoded.notes[0].startswith("The file is not UTF-8; it was read as Windows-1252 (Western).")


GUESSED = [
    ("cp1252", "ID,Ort\n1,Zürich\n"), ("cp1252", "Nr;Hersteller\n" + "2;Ohm & Söhne\n" * 40), ("cp1252", "50 °C ± 2\n"),
    ("cp1252", "Équipement;Référence\nétalonné à Genève;Ç\n"), ("cp1252", "Å;Ängström\n"), ("cp1252", "Preis;25 €\n"),
    ("cp1252", "ÜBERSICHT GERÄTE\nGRÖSSE\n"), ("cp1250", "Nazwa,Miejsce\nŻarówka,Łódź\nMiernik napięcia,Kraków\n"),
    ("cp1250", "ID,Místo\n1,Příliš žluťoučký kůň\n2,Měřicí přístroj č. 5\n3,Šroubovák\n"),
    ("cp1251", "ID,Название\n1,Осциллограф цифровой\n2,Источник питания\n3,Мультиметр\n"),
    ("cp932", "ID,名称\n1,オシロスコープ\n2,電源装置\n3,マルチメータ、デジタル\n"),
    ("gb18030", "ID,名称\n1,数字示波器\n2,直流电源\n3,万用表\n"),
    ("mac_roman", "Nr;Hersteller\n1;Prüfgerät\n2;Müller größer\n"),
]


@pytest.mark.parametrize(("encoding", "text"), GUESSED)
def test_the_likeliest_encoding_is_taken_and_said(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))

    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert ENCODINGS[encoding] in decoded.notes[0]


@pytest.mark.parametrize(("encoding", "text"), GUESSED)
def test_what_a_person_says_goes_before_the_guess(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), encoding) == Decoded(text, encoding)
    assert "\ufffd" in decode(text.encode(encoding), "utf-8").text
